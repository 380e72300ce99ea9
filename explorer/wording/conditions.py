"""One parameter of a search as a part of its phrase. https://hl7.org/fhir/R4/search.html"""

import re
from collections.abc import Callable

from explorer.building.chains import Hop, parse_path
from explorer.building.composites import join_parts, rows_of
from explorer.building.criteria import Criterion, alternatives, split_prefix
from explorer.building.fields import SearchParameterFacts
from explorer.wording.filters import filter_words
from explorer.wording.nouns import Part, one

Facts = Callable[[str], SearchParameterFacts | None]

_DATE_WORDS = {
    "": "is", "eq": "is", "ne": "is not", "gt": "is after", "lt": "is before", "ge": "is from", "le": "is until",
    "sa": "starts after", "eb": "ends before", "ap": "is about",
}  # fmt: skip
_AMOUNT_WORDS = _DATE_WORDS | {
    "gt": "is more than", "lt": "is less than", "ge": "is at least", "le": "is at most",
}  # fmt: skip
_BORN = {
    "gt": "after", "sa": "after", "lt": "before", "eb": "before", "ge": "from", "le": "until", "ap": "about", "ne": "not in",
}  # fmt: skip
_MODIFIERS = {
    "exact": "is exactly", "contains": "contains", "not": "is not", "text": "has the words", "in": "is in the value set",
    "not-in": "is not in the value set", "above": "is or is above", "below": "is or is below", "of-type": "is of type",
    "identifier": "has the identifier",
}  # fmt: skip
# Codes of these read as adjectives: male patients, final observations.
_ADJECTIVES = frozenset({"gender", "status", "clinical-status", "verification-status", "intent", "priority"})
_ADJECTIVE = re.compile(r"(?:[^|]*\|)?([a-z][a-z-]*)")
_SEXES = ("male", "female")
_DATE = re.compile(r"\d{4}(-\d\d|$)")
# References that people call belonging: "patients with an observation", not "that are the subject of an observation".
OWNERS = ("patient", "subject")


def condition(each: Criterion, facts: Facts) -> Part:
    """What one criterion asks, through all the references of its name."""
    path = parse_path(each.code)
    leaf = Criterion(path.code or each.code, each.value, each.modifier)
    return _through(path.hops, leaf, facts(each.code), "are")


def _through(hops: tuple[Hop, ...], leaf: Criterion, facts: SearchParameterFacts | None, verb: str) -> Part:
    if not hops:
        return _asked(leaf, facts)
    hop = hops[0]
    other = one(hop.type, [_through(hops[1:], leaf, facts, "is")])
    if not hop.backward:
        return Part(after=f"whose {hop.code} is {other}")
    if hop.code in OWNERS:
        return Part(after=f"with {other}")
    return Part(after=f"that {verb} the {hop.code} of {other}")


def _asked(each: Criterion, facts: SearchParameterFacts | None) -> Part:
    if not each.modifier and (adjective := _adjective(each)):
        return Part(before=adjective)
    if not each.modifier and (special := _special(each)):
        return Part(after=special)
    if facts and facts.components and not each.modifier:
        return Part(after=f"whose {_composite(each, facts)}")
    return Part(after=f"whose {each.code} {_relation(each, facts.kind if facts else '')}")


def _adjective(each: Criterion) -> str:
    if each.code == "active" and each.value in ("true", "false"):
        return "active" if each.value == "true" else "inactive"
    if each.code not in _ADJECTIVES:
        return ""
    found = [_ADJECTIVE.fullmatch(value) for value in alternatives(each.value)]
    words = [match[1] for match in found if match]
    if len(words) < len(found) or (each.code == "gender" and not set(words) <= set(_SEXES)):
        return ""
    return " or ".join(words)


def _special(each: Criterion) -> str:
    """Parameters with a phrase of their own; empty for all others."""
    match each.code:
        case "birthdate":
            prefix, value = split_prefix(each.value)
            single = len(alternatives(value)) == 1 and _DATE.match(value)
            default = "on" if len(value) > 7 else "in"
            return f"born {_BORN.get(prefix, default)} {value}" if single else ""
        case "_id":
            return f"with the id {_or(each.value)}"
        case "_filter":
            return f"for which {filter_words(each.value)}"
        case "_content":
            return f"that mention {each.value}"
        case "_text":
            return f"whose narrative mentions {each.value}"
        case "_list":
            return f"in the list {each.value}"
        case "_lastUpdated":
            return f"whose last change {_relation(each, 'date')}"
    return ""


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
    return " or ".join(map(value_words, alternatives(value))) or value


def _composite(each: Criterion, facts: SearchParameterFacts) -> str:
    """`code is 8480-6 and value is more than 140 in one place`, for each of the alternatives."""
    names = [
        one.expression.split(".as(")[0].rpartition(".")[2].strip("() ") or one.code
        for one in facts.components
    ]
    found = []
    for row in rows_of(each.value):
        parts = [
            f"{name} {_relation(Criterion(name, join_parts([part])), one.kind)}"
            for name, one, part in zip(names, facts.components, row, strict=False)
        ]
        found.append(f"{' and '.join(parts)} in one place")
    return " or ".join(found)


def value_words(value: str) -> str:
    """A value as people write it: `8480-6 (loinc.org)`, `5.4 mg`."""
    value = re.sub(r"\\([,|$\\])", r"\1", value)
    parts = value.split("|")
    if len(parts) == 3 and parts[0].lstrip("+-")[:1].isdigit():
        return f"{parts[0]} {parts[2]}".strip()
    if len(parts) == 2 and all(parts):
        return f"{parts[1]} ({re.sub(r'^https?://', '', parts[0])})"
    if len(parts) == 2:
        return f"any code of {parts[0]}" if parts[0] else f"{parts[1]} without a system"
    return value
