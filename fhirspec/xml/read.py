"""XML to JSON. Entities, document types and the network are out of bounds; every problem names its line."""

import re
from typing import Any

from lxml import etree

from fhirspec.catalogue import get_catalogue
from fhirspec.json import MAX_DEPTH, is_too_deep, number
from fhirspec.validation.primitives import PRIMITIVES
from fhirspec.validation.shapes import Field, Shape, shape_at
from fhirspec.xml.problem import FHIR_NAMESPACE, XHTML_NAMESPACE, MalformedXml

_TAG = f"{{{FHIR_NAMESPACE}}}"
_XHTML_DIV = f"{{{XHTML_NAMESPACE}}}div"
_SCHEMA_INSTANCE = "{http://www.w3.org/2001/XMLSchema-instance}"
_COLUMN = re.compile(r", line \d+, column \d+")
_integer = re.compile(r"-?(0|[1-9][0-9]*)").fullmatch
_decimal = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?").fullmatch


def from_xml(body: bytes) -> dict[str, Any]:
    """The resource of an XML document, in its JSON form. MalformedXml names the line."""
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, remove_pis=True, huge_tree=False
    )
    try:
        root: Any = etree.fromstring(body, parser)
    except etree.XMLSyntaxError as problem:
        raise MalformedXml(_COLUMN.sub("", str(problem.msg)), problem.lineno or 0) from problem
    except ValueError as problem:
        raise MalformedXml(str(problem)) from problem
    if root.getroottree().docinfo.doctype:
        raise MalformedXml("A document type is not allowed in FHIR XML", 1)
    resource = _resource(root, 0)
    if is_too_deep(resource):
        # An element that repeats is two levels of JSON.
        raise MalformedXml(f"The XML is nested deeper than {MAX_DEPTH} levels of JSON")
    return resource


def _line(element: Any) -> int:
    return int(element.sourceline or 0)


def _local_name(element: Any) -> str:
    if not element.tag.startswith(_TAG):
        found = etree.QName(element)
        raise MalformedXml(
            f"<{found.localname}> must be in the namespace {FHIR_NAMESPACE}, not in {found.namespace!r}",
            _line(element),
        )
    return str(element.tag[len(_TAG) :])


def _resource(element: Any, depth: int) -> dict[str, Any]:
    name = _local_name(element)
    if name not in get_catalogue().resource_type_set:
        raise MalformedXml(f"<{name}> is not an R4 resource", _line(element))
    return {"resourceType": name, **_object(element, shape_at(name, name), depth)}


def _object(element: Any, shape: Shape, depth: int) -> dict[str, Any]:
    """The properties of an element: its attributes (`id`, `url`), then its children in their order."""
    if depth > MAX_DEPTH:
        raise MalformedXml(f"The XML is nested deeper than {MAX_DEPTH} levels", _line(element))
    if element.text and element.text.strip():
        raise MalformedXml(f"Text is not allowed in <{_local_name(element)}>", _line(element))
    found: dict[str, Any] = {}
    # Names first, for a value is looked up along all attributes before it: of a hundred thousand that would take minutes.
    for name in element.keys():  # noqa: SIM118 (an element's own iterator is that of its children)
        if name in ("id", "url") and name in shape.fields and not shape.is_resource:
            found[name] = element.get(name)
        elif not name.startswith(_SCHEMA_INSTANCE):
            raise MalformedXml(f"<{_local_name(element)}> has no attribute {name!r}", _line(element))
    for child in element:
        if child.tag is etree.Comment:
            continue
        _child(child, shape, found, depth)
        if child.tail and child.tail.strip():
            raise MalformedXml(f"Text is not allowed in <{_local_name(element)}>", _line(child))
    return found


def _child(child: Any, shape: Shape, found: dict[str, Any], depth: int) -> None:
    if child.tag == _XHTML_DIV and "div" in shape.fields:
        found["div"] = etree.tostring(child, encoding="unicode", with_tail=False)
        return
    if not isinstance(child.tag, str):
        raise MalformedXml("Entities are not allowed in FHIR XML", _line(child))
    name = _local_name(child)
    field = shape.fields.get(name)
    if field is None or field.type == "xhtml":
        raise MalformedXml(f"{shape.label} has no element <{name}>", _line(child))
    if not field.repeats and (name in found or f"_{name}" in found):
        raise MalformedXml(f"<{name}> may be there only once", _line(child))
    if field.is_resource:
        value: Any = _only_resource(child, depth)
    elif field.check is None:
        value = _object(child, field.shape, depth + 1)
    else:
        _add_primitive(child, field, found, depth)
        return
    if field.repeats:
        found.setdefault(name, []).append(value)
    else:
        found[name] = value


def _only_resource(element: Any, depth: int) -> dict[str, Any]:
    inner = [child for child in element if child.tag is not etree.Comment]
    if len(inner) != 1:
        raise MalformedXml(f"<{_local_name(element)}> must hold one resource", _line(element))
    return _resource(inner[0], depth + 1)


def _add_primitive(element: Any, field: Field, found: dict[str, Any], depth: int) -> None:
    """A value, and its `_` companion when it has an id or extensions; nulls keep places in arrays."""
    text = element.attrib.pop("value", None)
    extra = _object(element, shape_at("Element", "Element"), depth + 1) or None
    value = None if text is None else _value(text, field, element)
    if value is None and extra is None:
        raise MalformedXml(f"<{field.name}> needs a value", _line(element))
    companion = f"_{field.name}"
    if not field.repeats:
        found.update(
            {name: one for name, one in ((field.name, value), (companion, extra)) if one is not None}
        )
        return
    count = max(len(found.get(field.name, ())), len(found.get(companion, ())))
    for name, one in ((field.name, value), (companion, extra)):
        if one is not None:
            places = found.setdefault(name, [])
            places.extend([None] * (count - len(places)))
            places.append(one)
        elif name in found:
            found[name].append(None)


def _value(text: str, field: Field, element: Any) -> Any:
    """The JSON value of a `value` attribute. Text that its type does not allow is left to validation."""
    kind = PRIMITIVES[field.type].json_type
    if kind == "boolean" and text in ("true", "false"):
        return text == "true"
    if kind == "number":
        if _integer(text):
            return int(text)
        if _decimal(text):
            return number(text)
        raise MalformedXml(f"<{field.name}> must be a number, not {text!r}", _line(element))
    if kind == "boolean":
        raise MalformedXml(f"<{field.name}> must be true or false, not {text!r}", _line(element))
    return text
