"""Where things stand in the text of an XML body: https://hl7.org/fhir/R4/xml.html"""

from typing import Any

from lxml import etree

from explorer.building.places import Place, find_places

MAX_DEPTH = 100


def locate(text: str) -> Place | None:
    """The outermost value of a JSON or XML body with all that it holds; None where nothing can be read."""
    return _find_xml_places(text) if is_xml(text) else find_places(text)


def is_xml(text: str) -> bool:
    return text.lstrip()[:1] == "<"


def lines_above(text: str) -> int:
    """Empty lines before the document, which no parser takes before an XML declaration."""
    return text[: len(text) - len(text.lstrip())].count("\n")


def _find_xml_places(text: str) -> Place | None:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)
    try:
        root: Any = etree.fromstring(text.strip().encode(), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None
    return _place(root, lines_above(text), 0)


def _place(element: Any, above: int, depth: int) -> Place:
    """An element repeats under one name, as an array does in JSON; a resource inside of another has an element around it."""
    place = Place(above + int(element.sourceline or 1) - 1, 0)
    if depth > MAX_DEPTH:
        return place
    for child in element:
        if isinstance(child.tag, str):
            name = etree.QName(child).localname
            around = place.members.setdefault(name, Place(above + int(child.sourceline or 1) - 1, 0))
            around.items.append(_place(_held(child), above, depth + 1))
    return place


def _held(element: Any) -> Any:
    """The resource inside of `contained`, `resource` and the like, else the element itself."""
    inner = [child for child in element if isinstance(child.tag, str)]
    is_resource = len(inner) == 1 and etree.QName(inner[0]).localname[:1].isupper()
    return inner[0] if is_resource else element
