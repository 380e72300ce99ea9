"""What holds for whatever resource or path: XML and JSON say the same, and no path breaks what reads it."""

from collections.abc import Callable
from contextlib import suppress
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import Element
from fhirspec.patch import PatchError, apply_fhirpath_patch
from fhirspec.patch.nodes import find
from fhirspec.searchparams import UnsupportedExpression
from fhirspec.searchparams.parse import parse, split_union
from fhirspec.xml import MalformedXml, from_xml, to_xml

Json = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]
# What XML can hold at all. https://www.w3.org/TR/xml/#charsets
TEXT = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Co", "Cn")), min_size=1, max_size=15) | st.sampled_from(
    ["a\nb", "tab\there", " spaces ", "<&>\"'", "]]>", "\u00a0x", "🔥"]
)  # fmt: skip
DECIMALS = st.decimals(allow_nan=False, allow_infinity=False, min_value=-1000, max_value=1000, places=2)
PRIMITIVES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": st.integers(-(2**31), 2**31 - 1),
    "positiveInt": st.integers(1, 2**31 - 1),
    "unsignedInt": st.integers(0, 2**31 - 1),
    "decimal": DECIMALS
    | st.sampled_from([Decimal("1.50"), Decimal("0.00"), Decimal("-0.10"), Decimal("100")]),
    "xhtml": st.just('<div xmlns="http://www.w3.org/1999/xhtml"><p>a <b>b</b></p></div>'),
}
EXTENSIONS: st.SearchStrategy[Json] = st.fixed_dictionaries(
    {"url": st.just("http://example.org/x")}, optional={"valueString": TEXT, "id": st.just("e1")}
)
TYPES = (
    "Patient",
    "Observation",
    "Questionnaire",
    "Bundle",
    "ValueSet",
    "MedicationRequest",
    "Parameters",
    "Timing",
)


def _primitive(draw: Draw, into: Json, name: str, code: str, repeats: bool) -> None:
    """A value, an extension of it, or both; in lists with gaps."""
    values = PRIMITIVES.get(code, TEXT)
    kinds = draw(st.lists(st.sampled_from("vxb"), min_size=1, max_size=3 if repeats else 1))
    found = [draw(values) if kind in "vb" else None for kind in kinds]
    beside = [{"extension": [draw(EXTENSIONS)]} if kind in "xb" else None for kind in kinds]
    if code == "xhtml":
        into[name] = draw(values)
        return
    if any(one is not None for one in found):
        into[name] = found if repeats else found[0]
    if any(beside):
        into[f"_{name}"] = beside if repeats else beside[0]


def _element(draw: Draw, into: Json, definition: str, element: Element, depth: int) -> None:
    names = [pair for pair in element.json_names() if pair[1].code != "Resource"]
    if (
        not names
        or element.content_reference
        or element.name in ("extension", "modifierExtension", "contained", "id")
    ):
        return
    name, kind = draw(st.sampled_from(names))
    if kind.code[:1].islower() or kind.code == "xhtml":
        _primitive(draw, into, name, kind.code, element.is_repeating)
        return
    if depth == 0:
        return
    inline = kind.code in ("BackboneElement", "Element")
    of_type, path = (definition, element.path) if inline else (kind.code, kind.code)
    items = [
        made
        for _ in range(draw(st.integers(1, 2)) if element.is_repeating else 1)
        if (made := _object(draw, of_type, path, depth - 1))
    ]
    if items:
        into[name] = items if element.is_repeating else items[0]


def _object(draw: Draw, definition: str, path: str, depth: int) -> Json:
    children = get_catalogue().type_definition(definition).children(path)
    chosen = (
        draw(st.lists(st.sampled_from(children), min_size=1, max_size=4, unique_by=lambda one: one.path))
        if children
        else []
    )
    into: Json = {}
    for element in chosen:
        _element(draw, into, definition, element, depth)
    return into


@st.composite
def resources(draw: Draw) -> Json:
    """Built after the definitions; not valid, but of the right shapes everywhere."""
    name = draw(st.sampled_from([one for one in TYPES if one in get_catalogue().resource_type_set]))
    resource = {"resourceType": name, **_object(draw, name, name, 3)}
    if name in ("Patient", "Observation") and draw(st.booleans()):
        resource["contained"] = [{"resourceType": "Basic", "id": "b", **_object(draw, "Basic", "Basic", 2)}]
    return resource


@given(resources())
def test_xml_and_json_say_the_same(resource: Json) -> None:
    text = json.encode(resource)
    again = from_xml(to_xml(json.decode(text)))
    assert json.decode(json.encode(again)) == json.decode(text)
    # To the last digit: 1.50 and 1.5 are equal numbers.
    assert str(_sorted(again)) == str(_sorted(json.decode(text)))


def _sorted(node: Any) -> Any:
    if isinstance(node, dict):
        return {name: _sorted(node[name]) for name in sorted(node)}
    return [_sorted(one) for one in node] if isinstance(node, list) else node


@given(st.binary(max_size=60) | st.text(alphabet="<>/ Patient=\"'&;!", max_size=60).map(str.encode))
def test_no_bytes_break_the_reader_of_xml(body: bytes) -> None:
    for wrapped in (body, b'<Patient xmlns="http://hl7.org/fhir">' + body + b"</Patient>"):
        with suppress(MalformedXml):
            assert from_xml(wrapped)["resourceType"]


PATHS = st.text(max_size=40) | st.text(alphabet="Patientname.()[]'01= \\`whereofTyps", max_size=40) | st.sampled_from(
    ["Patient.name[", "Patient.name.where(", "Patient.name.where(use='a", "Patient..name", "Patient.name[99999999999999999999]", ".", "(", "[0]"]
)  # fmt: skip
PATIENT: Json = {
    "resourceType": "Patient",
    "name": [{"use": "official", "given": ["A", "B"]}],
    "birthDate": "1970",
}


@given(PATHS)
def test_no_path_of_a_patch_breaks_what_reads_it(path: str) -> None:
    operation = [{"name": "type", "valueCode": "delete"}, {"name": "path", "valueString": path}]
    patch = {"resourceType": "Parameters", "parameter": [{"name": "operation", "part": operation}]}
    for read in (
        lambda: find(PATIENT, path),
        lambda: apply_fhirpath_patch(json.decode(json.encode(PATIENT)), patch),
    ):
        with suppress(PatchError):
            read()


@given(PATHS | st.text(alphabet="Patient.where(resolve() is ).|as'=[0]", max_size=40))
def test_no_expression_of_a_search_parameter_breaks_what_reads_it(expression: str) -> None:
    for part in split_union(expression):
        with suppress(UnsupportedExpression):
            parse(part)
