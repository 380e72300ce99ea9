"""Values at the steps of a path, and whether a value is as a profile says it."""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from fhirspec.validation.profiles.tree import ProfileElement

_EXTENSION = re.compile(r"extension\('([^']+)'\)")


class Valued(NamedTuple):
    """A value, its type where a choice names it (`valueQuantity`), and its path."""

    value: Any
    type: str
    path: str


def values_of(node: Any, element: ProfileElement, path: str) -> list[Valued]:
    """The values that an object has for an element; each of a choice with its type."""
    if not isinstance(node, dict):
        return []
    plain = element.name.removesuffix("[x]")
    names = [(plain, "")] if not element.is_choice else _choices(node, plain)
    found: list[Valued] = []
    for name, kind in names:
        value = node.get(name)
        if isinstance(value, list):
            found += [Valued(one, kind, f"{path}.{plain}[{at}]") for at, one in enumerate(value)]
        elif value is not None:
            found.append(Valued(value, kind, f"{path}.{plain}"))
        elif f"_{name}" in node:
            found.append(Valued(None, kind, f"{path}.{plain}"))
    return found


def _choices(node: dict[str, Any], plain: str) -> list[tuple[str, str]]:
    found = []
    for name in node:
        rest = name.lstrip("_")[len(plain) :]
        if (
            name.lstrip("_").startswith(plain)
            and rest[:1].isupper()
            and (name.lstrip("_"), rest) not in found
        ):
            found.append((name.lstrip("_"), rest))
    return found


def is_type(suffix: str, wanted: str) -> bool:
    """Whether the end of a choice's name (`DateTime`) says this type (`dateTime`)."""
    return suffix[:1].lower() == wanted[:1].lower() and suffix[1:] == wanted[1:]


def at_path(node: Any, path: str) -> Iterator[Any]:
    """The values at a discriminator's path (`coding.code`, `$this`, `extension('…').value`)."""
    if path in ("$this", ""):
        yield node
        return
    if isinstance(node, list):
        for one in node:
            yield from at_path(one, path)
        return
    if not isinstance(node, dict):
        return
    if found := _EXTENSION.match(path):
        inner = [one for one in node.get("extension", ()) if one.get("url") == found[1]]
        yield from at_path(inner, path[found.end() :].lstrip("."))
        return
    step, _, rest = path.partition(".")
    values = [node[name] for name in node if name == step or _is_choice_of(name, step)]
    for value in values:
        for one in value if isinstance(value, list) else [value]:
            yield from at_path(one, rest)


def _is_choice_of(name: str, step: str) -> bool:
    return step == "value" and name.startswith(step) and name[len(step) :][:1].isupper()


def matches_pattern(value: Any, pattern: Any) -> bool:
    """Whether a value has at least what the pattern has: https://hl7.org/fhir/R4/elementdefinition.html#patternx"""
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(
            name in value and matches_pattern(value[name], one) for name, one in pattern.items()
        )
    if isinstance(pattern, list):
        return isinstance(value, list) and all(
            any(matches_pattern(one, wanted) for one in value) for wanted in pattern
        )
    return bool(value == pattern)
