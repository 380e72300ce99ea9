"""JSON to XML: elements in the order of the definition, values as attributes."""

import re
from collections.abc import Iterator
from html.entities import name2codepoint
from typing import Any

from lxml import etree

from fhirspec.catalogue import get_catalogue
from fhirspec.json import WrittenDecimal, escaped
from fhirspec.resource_types import no_resource_type
from fhirspec.validation.shapes import Field, Shape, shape_at
from fhirspec.xml.problem import FHIR_NAMESPACE, MalformedXml

_TAG = f"{{{FHIR_NAMESPACE}}}"
_NAMES: Any = {None: FHIR_NAMESPACE}
_ENTITY = re.compile(r"&([A-Za-z][A-Za-z0-9]*);")
# https://www.w3.org/TR/xml/#charsets
_NO_CHARACTER = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_XML_ENTITIES = ("amp", "lt", "gt", "quot", "apos")


def to_xml(resource: dict[str, Any], *, pretty: bool = False) -> bytes:
    """A resource as an XML document in UTF-8. MalformedXml if it has what its definition does not know."""
    root = _resource(resource)
    if pretty:
        _indent(root)
    return bytes(etree.tostring(root, encoding="UTF-8", xml_declaration=True))


def _resource(node: dict[str, Any]) -> Any:
    name = node.get("resourceType")
    if name not in get_catalogue().resource_type_set:
        raise MalformedXml(no_resource_type(str(name), repr(name)))
    element = etree.Element(f"{_TAG}{name}", nsmap=_NAMES)
    _children(element, node, shape_at(name, name))
    return element


def _children(parent: Any, node: dict[str, Any], shape: Shape) -> None:
    known = 1 if shape.is_resource and "resourceType" in node else 0
    for name, field in shape.fields.items():
        if field.is_companion:
            continue
        value = node.get(name)
        extras = node.get(f"_{name}") if field.check is not None else None
        if value is None and extras is None:
            continue
        known += (name in node) + (extras is not None)
        if _is_attribute(field, shape):
            _set(parent, name, _text(value))
            continue
        for item, extra in _pairs(value, extras, field):
            _append(parent, field, item, extra)
    if known < len(node):
        unknown = [name for name in node if name not in shape.fields and name != "resourceType"]
        if unknown:
            raise MalformedXml(f"{shape.label} has no element {unknown[0]!r}")


def _is_attribute(field: Field, shape: Shape) -> bool:
    """https://hl7.org/fhir/R4/xml.html: the id of an element, and the URL of an extension."""
    return (field.name == "id" and not shape.is_resource) or (field.name == "url" and shape.is_extension)


def _pairs(value: Any, extras: Any, field: Field) -> Iterator[tuple[Any, Any]]:
    """Each value of a property with its `_` companion; nulls only keep places."""
    if not field.repeats:
        yield value, extras
        return
    values, others = value or [], extras or []
    for index in range(max(len(values), len(others))):
        yield (
            values[index] if index < len(values) else None,
            others[index] if index < len(others) else None,
        )


def _append(parent: Any, field: Field, value: Any, extra: Any) -> None:
    if field.type == "xhtml":
        parent.append(_xhtml(value))
        return
    element = etree.SubElement(parent, f"{_TAG}{field.name}")
    if field.is_resource:
        element.append(_resource(value))
    elif field.check is None:
        _children(element, value, field.shape)
    else:
        if extra is not None:
            _children(element, extra, shape_at("Element", "Element"))
        if value is not None:
            _set(element, "value", _text(value))


def _set(element: Any, name: str, text: str) -> None:
    """What no XML can hold is no text of FHIR either; where an outcome quotes it, it is shown as JSON would write it."""
    try:
        element.set(name, text)
    except ValueError:
        element.set(name, _NO_CHARACTER.sub(escaped, text))


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value.text if isinstance(value, WrittenDecimal) else str(value)


def _xhtml(text: str) -> Any:
    def number(found: re.Match[str]) -> str:
        name = found[1]
        if name in _XML_ENTITIES or name not in name2codepoint:
            return found[0]
        return f"&#{name2codepoint[name]};"

    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(_ENTITY.sub(number, text).encode(), parser)
    except etree.XMLSyntaxError as problem:
        raise MalformedXml(f"The narrative is not well-formed: {problem}") from problem


def _indent(element: Any, depth: int = 0) -> None:
    """Line breaks between elements of FHIR; a narrative stays as it is, its spaces have meaning."""
    children = [child for child in element if str(child.tag).startswith(_TAG)]
    if not children:
        return
    element.text = "\n" + "  " * (depth + 1)
    for child in element:
        child.tail = "\n" + "  " * (depth + 1)
        if child in children:
            _indent(child, depth + 1)
    element[-1].tail = "\n" + "  " * depth
