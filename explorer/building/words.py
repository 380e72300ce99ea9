"""A search in plain words: "Patients whose gender is male and birthdate is from 1980, newest first"."""

from collections.abc import Mapping, Sequence

from explorer.building.criteria import Criterion, alternatives, split_prefix

_DATE_WORDS = {
    "": "is", "eq": "is", "ne": "is not", "gt": "is after", "lt": "is before", "ge": "is from", "le": "is until",
    "sa": "starts after", "eb": "ends before", "ap": "is about",
}  # fmt: skip
_AMOUNT_WORDS = _DATE_WORDS | {
    "gt": "is more than",
    "lt": "is less than",
    "ge": "is at least",
    "le": "is at most",
}
_MODIFIERS = {
    "exact": "is exactly", "contains": "contains", "not": "is not", "text": "has the words", "in": "is in the value set",
    "not-in": "is not in the value set", "above": "is or is above", "below": "is or is below", "of-type": "is of type",
    "identifier": "has the identifier",
}  # fmt: skip
_SUMMARIES = {
    "true": "as summaries",
    "text": "as narrative only",
    "data": "without narrative",
    "count": "counted only",
}


def describe_search(resource_type: str, criteria: Sequence[Criterion], kinds: Mapping[str, str]) -> str:
    """One sentence. `kinds` maps a parameter's code to its type."""
    conditions = [_condition(each, kinds) for each in criteria if not each.is_result_parameter]
    subject = _plural(resource_type) if resource_type else "Resources of all types"
    sentence = (
        f"{subject} {' and '.join(conditions)}" if conditions else f"All {subject[0].lower()}{subject[1:]}"
    )
    if not resource_type and not conditions:
        sentence = subject
    shaping = [words for each in criteria if each.is_result_parameter and (words := _shape(each, kinds))]
    return ", ".join([sentence, *shaping]) + "."


def _plural(name: str) -> str:
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith("s") else f"{name}s"


def _condition(each: Criterion, kinds: Mapping[str, str]) -> str:
    if each.code.startswith("_has:"):
        return _reverse_chain(each, kinds)
    if "." in each.code:
        reference, _, rest = each.code.partition(".")
        reference, _, target = reference.partition(":")
        inner = _condition(Criterion(rest.partition(":")[0], each.value, rest.partition(":")[2]), {})
        return f"whose {reference}{f' (a {target})' if target else ''} is one {inner}"
    return f"whose {each.code} {_relation(each, kinds.get(each.code, ''))}"


def _reverse_chain(each: Criterion, kinds: Mapping[str, str]) -> str:
    parts = each.code.split(":", 3)
    if len(parts) < 4:
        return f"with {each.code} = {each.value}"
    _, source, reference, rest = parts
    inner = _condition(Criterion(rest.partition(":")[0], each.value, rest.partition(":")[2]), {})
    if rest.startswith("_has:"):
        inner = _condition(Criterion(rest, each.value), kinds)
    return f"that are the {reference} of some {source} {inner}"


def _relation(each: Criterion, kind: str) -> str:
    if each.modifier == "missing":
        return "is missing" if each.value == "true" else "is there"
    if kind in ("date", "number", "quantity"):
        words = _DATE_WORDS if kind == "date" else _AMOUNT_WORDS
        prefix, value = split_prefix(each.value)
        return f"{words[prefix]} {_or(value)}"
    plain = "starts with" if kind == "string" else "is"
    default = f"is the {each.modifier}" if each.modifier else plain
    return f"{_MODIFIERS.get(each.modifier, default)} {_or(each.value)}"


def _or(value: str) -> str:
    return " or ".join(alternatives(value)) or value


def _shape(each: Criterion, kinds: Mapping[str, str]) -> str:
    match each.code:
        case "_sort":
            return " then ".join(_order(part, kinds) for part in alternatives(each.value))
        case "_count":
            return f"{each.value} a page"
        case "_include":
            source, _, reference = each.value.partition(":")
            return f"with what the {reference.partition(':')[0] or 'references'} of each {source} refers to"
        case "_revinclude":
            source, _, reference = each.value.partition(":")
            return f"with every {source} whose {reference.partition(':')[0]} they are"
        case "_elements":
            return f"only {each.value.replace(',', ', ')}"
        case "_summary":
            return _SUMMARIES.get(each.value, "")
        case "_total":
            return "" if each.value == "none" else "with the number of matches"
    return ""


def _order(part: str, kinds: Mapping[str, str]) -> str:
    code = part.lstrip("-")
    if kinds.get(code) == "date":
        return f"{'newest' if part.startswith('-') else 'oldest'} {code} first"
    return f"sorted by {code}{' downwards' if part.startswith('-') else ''}"
