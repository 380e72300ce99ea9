"""Searches made from what a US Core guide demands and from stored resources, each with the resources that it must find.

What a search must find is told here from the resources alone, without the server's index: all that match, and nothing else.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from fhirserver.instants import instant_range
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import extractor
from tests.fhirserver.conformance.us_core import Json

_EXPECTATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
_COMBINATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination"
_WANTED = ("SHALL", "SHOULD")
_LONG_AGO, _FAR = -(2**62), 2**62
Facts = list[Any]


def expectation(node: Mapping[str, Any]) -> str:
    """SHALL, SHOULD or MAY; empty where nothing is said."""
    found = (one["valueCode"] for one in node.get("extension", ()) if one["url"] == _EXPECTATION)
    return next(found, "")


def is_wanted(node: Mapping[str, Any]) -> bool:
    return expectation(node) in _WANTED


def combinations(resource: Json) -> Iterator[tuple[str, ...]]:
    """Parameters by which a type shall or should be searched, alone or together."""
    yield from ((one["name"],) for one in resource.get("searchParam", ()) if is_wanted(one))
    for one in resource.get("extension", ()):
        if one["url"] == _COMBINATION and is_wanted(one):
            yield tuple(part["valueString"] for part in one["extension"] if part["url"] == "required")


def wanted_comparators(definition: Json) -> list[str]:
    """Of a SearchParameter of the guide."""
    said = definition.get("_comparator", ())
    pairs = zip(definition.get("comparator", ()), said, strict=False)
    return [name for name, more in pairs if is_wanted(more or {})]


def takes_several(definition: Json) -> bool:
    return bool(definition.get("multipleOr")) and is_wanted(definition.get("_multipleOr", {}))


# -- what a resource says --------------------------------------------------------------------------------------


def facts(parameter: SearchParameter, resource: Json) -> Facts:
    """tokens: (system, code); references: `Type/id`; texts; dates: (first, after the last) in microseconds."""
    if parameter.code == "_id":
        return [("", resource["id"])]
    of_type = {"token": _tokens, "reference": _references, "string": _texts, "date": _moments}
    found = [one.value for one in extractor(parameter)(resource)]
    return [fact for value in found for fact in of_type.get(parameter.type, _plain)(value)]


def _plain(value: Any) -> Facts:
    return [str(value)]


def _tokens(value: Any) -> Facts:
    if isinstance(value, bool):
        return [("", str(value).lower())]
    if not isinstance(value, dict):
        return [("", str(value))]
    codings = value.get("coding", [value])
    pairs = [(one.get("system", ""), one.get("code") or one.get("value")) for one in codings]
    return [pair for pair in pairs if pair[1]]


def _references(value: Any) -> Facts:
    text = value.get("reference", "") if isinstance(value, dict) else str(value)
    return [text] if text and not text.startswith("#") else []


def _texts(value: Any) -> Facts:
    if isinstance(value, str):
        return [value.lower()]
    names = ("text", "family", "given", "prefix", "suffix", "line", "city", "district", "state")
    listed = [value.get(name, []) for name in (*names, "postalCode", "country")]
    return [text.lower() for one in listed for text in (one if isinstance(one, list) else [one])]


def _moments(value: Any) -> Facts:
    if isinstance(value, str):
        return [instant_range("date", value)]
    if not isinstance(value, dict) or not {"start", "end"} & set(value):
        return []
    low = instant_range("date", value["start"])[0] if "start" in value else _LONG_AGO
    high = instant_range("date", value["end"])[1] if "end" in value else _FAR
    return [(low, high)]


# -- what a search finds ---------------------------------------------------------------------------------------


def is_match(parameter: SearchParameter, text: str, said: Facts) -> bool:
    """Whether a resource of which the parameter says this is found by `parameter=text`; commas part alternatives."""
    of_type = {"token": _is_token, "reference": _is_reference, "string": _is_text, "date": _is_moment}
    matches = of_type.get(parameter.type, lambda one, asked: one == asked)
    return any(matches(one, part) for part in text.split(",") for one in said)


def _is_token(said: tuple[str, str], asked: str) -> bool:
    system, bar, code = asked.rpartition("|")
    return said[1].lower() == code.lower() and (not bar or said[0] == system)


def _is_reference(said: str, asked: str) -> bool:
    return said == asked or said.rpartition("/")[2] == asked


def _is_text(said: str, asked: str) -> bool:
    return said.startswith(asked.lower())


def _is_moment(said: tuple[int, int], asked: str) -> bool:
    prefix, moment = (asked[:2], asked[2:]) if asked[:2].isalpha() else ("eq", asked)
    low, high = instant_range("date", moment)
    inside = low <= said[0] and said[1] <= high
    return {
        "eq": inside,
        "gt": said[1] > high,
        "lt": said[0] < low,
        "ge": said[1] > high or inside,
        "le": said[0] < low or inside,
    }[prefix]


# -- searches --------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Search:
    """One search, and the ids that it must find."""

    resource_type: str
    pairs: tuple[tuple[str, str], ...]
    finds: frozenset[str]


@dataclass
class Walk:
    """Makes the searches for one type. `stored`: all of its resources that the caller may see; `parameters` and `definitions` (the
    guide's SearchParameters) by code."""

    resource_type: str
    parameters: Mapping[str, SearchParameter]
    definitions: Mapping[str, Json]
    stored: Sequence[Json]
    said: dict[str, list[Facts]] = field(init=False)

    def __post_init__(self) -> None:
        self.said = {
            code: [facts(parameter, one) for one in self.stored]
            for code, parameter in self.parameters.items()
        }

    def searches(self, codes: tuple[str, ...]) -> Iterator[Search]:
        """Each form of these parameters' values in the first resource that has them all; nothing where none has."""
        for number in range(len(self.stored)):
            found = [self.said[code][number] for code in codes]
            if all(found):
                forms = [list(self._forms(code, one)) for code, one in zip(codes, found, strict=True)]
                for at in range(max(map(len, forms))):
                    values = [one[at % len(one)] for one in forms]
                    yield self.search(tuple(zip(codes, values, strict=True)))
                return

    def search(self, pairs: tuple[tuple[str, str], ...]) -> Search:
        finds = [
            one["id"]
            for number, one in enumerate(self.stored)
            if all(is_match(self.parameters[code], text, self.said[code][number]) for code, text in pairs)
        ]
        return Search(self.resource_type, pairs, frozenset(finds))

    def _forms(self, code: str, said: Facts) -> Iterator[str]:
        kind, first = self.parameters[code].type, said[0]
        if kind == "token":
            yield first[1]
            if first[0]:
                yield f"{first[0]}|{first[1]}"
            if takes_several(self.definitions.get(code, {})):
                yield ",".join(sorted({fact[1] for one in self.said[code] for fact in one} | {"nothing"}))
        elif kind == "reference":
            yield from (first, first.rpartition("/")[2])
        elif kind == "date":
            yield from self._dates(code, first)
        else:
            yield first.partition(",")[0]

    def _dates(self, code: str, said: tuple[int, int]) -> Iterator[str]:
        """A day around the value, as public test kits ask: `gt` and `ge` the day before, `lt` and `le` the day after."""
        known = said[1] if said[0] == _LONG_AGO else said[0]
        middle = datetime.fromtimestamp(known / 1_000_000, UTC)
        yield middle.date().isoformat()
        for comparator in wanted_comparators(self.definitions.get(code, {})):
            if comparator in ("gt", "ge", "lt", "le"):
                moved = middle + timedelta(days=-1 if comparator[0] == "g" else 1)
                yield f"{comparator}{moved:%Y-%m-%dT%H:%M:%SZ}"
