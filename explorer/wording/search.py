"""The sentence of a whole search: what is looked for, in which order, and what comes with it."""

from collections.abc import Iterator, Sequence

from explorer.building.criteria import Criterion, alternatives
from explorer.wording.conditions import OWNERS, Facts, condition
from explorer.wording.nouns import many, noun, plural

_SUMMARIES = {
    "true": "as summaries", "text": "as narrative only", "data": "without narrative", "count": "counted only",
}  # fmt: skip
_CONTAINED = {"true": "only those inside of other resources", "both": "also those inside of other resources"}
_ALL_TYPES = "resources of all types"


def describe_search(resource_type: str, criteria: Sequence[Criterion], facts: Facts) -> str:
    """`facts` tells of a parameter by its code, also at the end of a chain."""
    found = [each for each in criteria if not each.is_result_parameter and each.code != "_type"]
    subject = plural(noun(resource_type)) if resource_type else _types(criteria)
    phrase = many(subject, [condition(each, facts) for each in found])
    if not found and subject != _ALL_TYPES:
        phrase = f"all {phrase}"
    shaping = [*_sorting(criteria, facts), *_included(criteria), *_shape(criteria)]
    return ", ".join([phrase[0].upper() + phrase[1:], *shaping]) + "."


def _types(criteria: Sequence[Criterion]) -> str:
    named = [name for each in criteria if each.code == "_type" for name in alternatives(each.value)]
    return _and([plural(noun(name)) for name in named]) if named else _ALL_TYPES


def _and(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} and {words[-1]}" if len(words) > 1 else "".join(words)


def _sorting(criteria: Sequence[Criterion], facts: Facts) -> Iterator[str]:
    for each in criteria:
        if each.code == "_sort":
            yield " then ".join(_order(part.strip(), facts) for part in alternatives(each.value))


def _order(part: str, facts: Facts) -> str:
    code, downwards = part.lstrip("-"), part.startswith("-")
    newest = "newest" if downwards else "oldest"
    found = facts(code)
    if code == "birthdate":
        return "youngest first" if downwards else "oldest first"
    if code in ("_lastUpdated", "date"):
        return f"{newest} first"
    if found and found.kind == "date":
        return f"{newest} {code} first"
    return f"sorted by {code}{' downwards' if downwards else ''}"


def _included(criteria: Sequence[Criterion]) -> Iterator[str]:
    owned = []
    for each in criteria:
        source, _, rest = each.value.partition(":")
        code, _, target = rest.partition(":")
        if each.name == "_revinclude" and code in OWNERS:
            owned.append(plural(noun(source)))
        elif each.code == "_revinclude":
            yield (
                f"with the {plural(noun(source))} whose {code} they are"
                if code
                else "with all that refers to them"
            )
        elif each.code == "_include":
            yield _include(each, source, code, target)
    if owned:
        yield f"with their {_and(owned)}"


def _include(each: Criterion, source: str, code: str, target: str) -> str:
    if not code:
        return "with all that they refer to"
    only = f" ({plural(noun(target))} only)" if target else ""
    if each.modifier:
        return f"with the {plural(code)} of each {noun(source)} that comes with them{only}"
    return f"with their {plural(code)}{only}"


def _shape(criteria: Sequence[Criterion]) -> Iterator[str]:
    for each in criteria:
        match each.code:
            case "_count":
                yield f"{each.value} a page"
            case "_elements":
                yield f"only {each.value.replace(',', ', ')}"
            case "_summary" if each.value in _SUMMARIES:
                yield _SUMMARIES[each.value]
            case "_contained" if each.value in _CONTAINED:
                yield _CONTAINED[each.value]
            case "_total" if each.value != "none":
                yield "with the number of matches"
