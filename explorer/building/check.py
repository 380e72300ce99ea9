"""What is wrong with a draft before it is sent. An error stops it; a warning is only told."""

import json
import re
from dataclasses import dataclass

from explorer.building.criteria import PREFIXES, Criterion, alternatives, split_prefix
from explorer.building.draft import Draft
from explorer.building.interactions import Operation

_ID = re.compile(r"[A-Za-z0-9\-.]{1,64}")
_DATE = re.compile(
    r"\d{4}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")


@dataclass(frozen=True)
class Problem:
    """`field` is the name of the form's field; `line` is that of the body, from 1, 0 when it has none.

    `blocking` keeps the request from being sent; `is_error`: the server will refuse it.
    """

    field: str
    message: str
    blocking: bool = True
    line: int = 0
    is_error: bool = True


def check_draft(draft: Draft, operation: Operation, types: dict[str, str]) -> list[Problem]:
    """Problems of `draft`. `types` maps a search parameter's code to its type."""
    problems = _check_place(draft, operation)
    if operation.criteria:
        for each in draft.criteria:
            problems += _check_criterion(each, types.get(each.code, ""))
        if operation.key == "conditional-delete" and not draft.criteria:
            problems.append(Problem("", "Give at least one criterion: without one, everything would match."))
    if operation.body and operation.body != "form":
        problems += _check_body(draft, operation)
    return problems


def _check_place(draft: Draft, operation: Operation) -> list[Problem]:
    problems = []
    if operation.needs_id:
        if not draft.logical_id:
            problems.append(Problem(".id", "Which one? Give the resource's id."))
        elif not _ID.fullmatch(draft.logical_id):
            problems.append(
                Problem(".id", "An id has up to 64 letters, digits, dots and hyphens.", blocking=True)
            )
    if operation.needs_version and not _ID.fullmatch(draft.version_id):
        problems.append(Problem(".vid", "Which version? Give its version id."))
    for name, value in draft.headers:
        if not value.isprintable() or not value.isascii():
            problems.append(Problem(f".{name.lower()}", f"{name} holds a character that no header may have."))
    return problems


def _check_criterion(each: Criterion, kind: str) -> list[Problem]:
    if each.modifier == "missing":
        wrong = each.value not in ("true", "false")
        return [Problem(each.code, f"{each.name} is true or false.", blocking=False)] if wrong else []
    pattern, what = {
        "date": (_DATE, "a date such as 2024, 2024-05, 2024-05-01 or 2024-05-01T08:00:00Z"),
        "number": (_NUMBER, "a number such as 5.4 or 1e3"),
    }.get(kind, (None, ""))
    if pattern is None or each.modifier:
        return []
    _, bare = split_prefix(each.value)
    for value in alternatives(bare):
        rest = value[2:] if value[:2] in PREFIXES else value
        if not pattern.fullmatch(rest):
            return [Problem(each.code, f"{each.code}: “{rest}” is not {what}.", blocking=False)]
    return []


def _check_body(draft: Draft, operation: Operation) -> list[Problem]:
    text = draft.body.strip()
    if not text:
        return [Problem(".body", "The body is empty: choose an example, or write one.")]
    if text[0] == "<":
        return []
    if broken := json_problem(draft.body):
        return [broken]
    value = json.loads(text)
    if operation.body == "resource" and isinstance(value, dict):
        return _check_resource(value, draft, operation)
    if operation.body == "bundle" and not (isinstance(value, dict) and value.get("resourceType") == "Bundle"):
        return [Problem(".body", "A Bundle of type batch or transaction is expected here.", blocking=False)]
    return []


def json_problem(text: str) -> Problem | None:
    """Where a body stops being JSON; None when it is JSON, XML or empty."""
    if not text.strip() or text.lstrip()[0] == "<":
        return None
    try:
        json.loads(text)
    except json.JSONDecodeError as error:
        message = f"Not JSON: {error.msg} (line {error.lineno}, column {error.colno})."
        return Problem(".body", message, line=error.lineno)
    except RecursionError:
        return Problem(".body", "Not JSON that a server takes: it is nested too deeply.", line=1)
    return None


def _check_resource(value: dict[str, object], draft: Draft, operation: Operation) -> list[Problem]:
    problems = []
    found = value.get("resourceType")
    if not operation.name and draft.resource_type and found != draft.resource_type:
        problems.append(
            Problem(".body", f"resourceType is {found!r}, not {draft.resource_type!r}.", blocking=False)
        )
    if operation.key == "update" and value.get("id") != draft.logical_id:
        problems.append(Problem(".body", "The id in the body must be the id in the address.", blocking=False))
    return problems
