"""The codes of a value set, as far as the catalogue lists them: for pickers and for the schema's bindings."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from fhirspec.catalogue import get_catalogue

MOST_CODES = 2_000


@dataclass(frozen=True)
class Code:
    system: str
    code: str
    display: str


@dataclass(frozen=True)
class CodeList:
    """`whole` is false when some codes are not in the catalogue (filters, other terminologies)."""

    url: str
    title: str
    description: str
    codes: tuple[Code, ...]
    whole: bool


@lru_cache(maxsize=512)
def list_codes(canonical: str) -> CodeList | None:
    """The codes of a value set; None when the catalogue does not know it."""
    value_set = get_catalogue().canonical(canonical)
    if value_set is None or value_set.get("resourceType") != "ValueSet":
        return None
    gaps: list[str] = []
    codes: dict[tuple[str, str], Code] = {}
    for code in _compose(value_set, gaps, 0):
        if len(codes) >= MOST_CODES:
            gaps.append("more")
            break
        codes.setdefault((code.system, code.code), code)
    for excluded in (value_set.get("compose") or {}).get("exclude", ()):
        for concept in excluded.get("concept", ()):
            codes.pop((excluded.get("system", ""), concept["code"]), None)
    return CodeList(
        url=value_set["url"],
        title=str(value_set.get("title") or value_set.get("name") or ""),
        description=str(value_set.get("description") or ""),
        codes=tuple(codes.values()),
        whole=not gaps and bool(codes),
    )


def _compose(value_set: dict[str, Any], gaps: list[str], depth: int) -> Iterator[Code]:
    for include in (value_set.get("compose") or {}).get("include", ()):
        system = include.get("system", "")
        if include.get("filter"):
            gaps.append("filter")
        elif include.get("concept"):
            for each in include["concept"]:
                yield Code(system, each["code"], each.get("display", ""))
        elif system:
            yield from _system(system, gaps)
        for other in include.get("valueSet", ()):
            nested = get_catalogue().canonical(other)
            if nested and depth < 5:
                yield from _compose(nested, gaps, depth + 1)
            else:
                gaps.append(other)


def _system(system: str, gaps: list[str]) -> Iterator[Code]:
    found = get_catalogue().canonical(system)
    if found is None or found.get("content") not in ("complete", "fragment"):
        gaps.append(system)
        return
    yield from _concepts(system, found.get("concept", ()))


def _concepts(system: str, concepts: Any) -> Iterator[Code]:
    for each in concepts:
        yield Code(system, each["code"], each.get("display", ""))
        yield from _concepts(system, each.get("concept", ()))
