"""Examples of a resource type: official ones, what the server itself holds, and what the person saved."""

from dataclasses import dataclass
from urllib.parse import urlencode

from explorer import definitions
from explorer.bench import Bench
from explorer.building.check import json_problem
from explorer.collecting import list_saved
from explorer.definitions import ExampleTitle
from explorer.execution import open_draft
from explorer.holding import OWN, Records
from explorer.targets import target_url
from portal.models import User

_SAVED = "saved-"
MOST_SAVED = 20


@dataclass(frozen=True)
class ExampleGroup:
    label: str
    titles: tuple[ExampleTitle, ...]


@dataclass(frozen=True)
class Example:
    """`editor` is the address that puts it into the editor. `problem` says why there is none; then `text` is empty."""

    key: str
    text: str = ""
    editor: str = ""
    problem: str = ""


def example_groups(bench: Bench, user: User) -> list[ExampleGroup]:
    groups = [ExampleGroup("Official", definitions.example_titles(bench.resource_type))]
    if any(each.key == "search" for each in bench.operations):
        groups.append(ExampleGroup("Held here", (ExampleTitle(OWN, "By id or name, or the newest"),)))
    saved = list_saved(bench.deployment, user).filter(resource_type=bench.resource_type)[:MOST_SAVED]
    with_body = [each for each in saved if (draft := open_draft(each.sealed)) and draft.body.strip()]
    titles = tuple(ExampleTitle(f"{_SAVED}{each.pk}", each.name) for each in with_body)
    return groups + ([ExampleGroup("Saved", titles)] if titles else [])


def find_example(bench: Bench, user: User, key: str) -> Example:
    """The example of that key, of the specification or saved; the first official one for a key that is not known."""
    if key.startswith(_SAVED) and key.removeprefix(_SAVED).isdecimal():
        return _saved(bench, user, key)
    titles = definitions.example_titles(bench.resource_type)
    known = key if key in {each.key for each in titles} else ""
    text = definitions.example_text(bench.resource_type, known)
    shown = known or titles[0].key
    editor = f"{bench.url}?{urlencode({'.do': 'create', '.example': shown})}" if bench.operations else ""
    return Example(shown, text, editor)


def is_held(key: str) -> bool:
    """Whether an example's key means a record of the target."""
    return key.partition("/")[0] == OWN


def held_example(bench: Bench, key: str, read: Records) -> Example:
    """The first of the records that were read for the key."""
    if not read.records:
        return Example(key, problem=read.problem or "There is none that this credential can see.")
    record = read.records[0]
    editor = target_url(bench.deployment, "edit", bench.resource_type)
    text = definitions.indent_json(record.resource)
    return Example(record.key, text, f"{editor}?{urlencode({'id': record.logical_id})}")


def _saved(bench: Bench, user: User, key: str) -> Example:
    number = key.removeprefix(_SAVED)
    found = list_saved(bench.deployment, user).filter(pk=int(number[:18])).first()
    draft = open_draft(found.sealed) if found else None
    if draft is None or draft.resource_type != bench.resource_type:
        return Example(key, problem="This saved request is gone.")
    if json_problem(draft.body) or not draft.body.lstrip().startswith("{"):
        return Example(key, problem="What was saved is no JSON: it opens under Saved and shared.")
    return Example(key, draft.body, target_url(bench.deployment, "open-saved", number))
