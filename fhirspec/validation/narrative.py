"""Narrative: XHTML in which nothing runs or loads. https://hl7.org/fhir/R4/narrative.html"""

import re
from typing import Any

from lxml import etree

_NAMESPACE = "{http://www.w3.org/1999/xhtml}"
_XML_NAMESPACE = "{http://www.w3.org/XML/1998/namespace}"
_ELEMENT_NAMES = """a abbr acronym b big blockquote br caption cite code col colgroup dd del dfn div dl dt em h1 h2 h3 h4 h5 h6 hr i
    img ins kbd li map area ol p pre q samp small span strong sub sup table tbody td tfoot th thead tr tt ul var
    bdo address center font s strike u"""
_ATTRIBUTE_NAMES = """abbr accesskey align alt axis bgcolor border cellpadding cellspacing char charoff charset cite class clear
    color colspan compact coords datetime dir face frame headers height href hreflang hspace id lang longdesc name nohref
    noshade nowrap rel rev rowspan rules scope shape size span src start style summary tabindex target title type usemap
    valign value vspace width"""
_ELEMENTS = frozenset(_ELEMENT_NAMES.split())
_ATTRIBUTES = frozenset(_ATTRIBUTE_NAMES.split())
_UNSAFE_ADDRESS = re.compile(r"\s*(javascript|vbscript|data:(?!\s*image/))", re.IGNORECASE)
_UNSAFE_STYLE = re.compile(
    r"expression\s*\(|javascript:|@import|behavior\s*:|url\s*\(\s*['\"]?\s*(?!data:\s*image/)([a-z][a-z0-9+.-]*:|//)",
    re.IGNORECASE,
)
# XHTML names many entities which no document type declares here; they are text, whatever they stand for.
_ENTITY = re.compile(r"&(?!(?:amp|lt|gt|quot|apos);)[A-Za-z][A-Za-z0-9]*;")


EMPTY = "the narrative is empty"


def _parser() -> etree.XMLParser:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True)


def narrative_fault(div: Any) -> str:
    """What is wrong with the XHTML of a narrative; empty when nothing is."""
    if not isinstance(div, str) or not div.strip():
        return "expected XHTML text, beginning with a <div> element"
    if "<!DOCTYPE" in div:
        return "a narrative cannot have a document type"
    try:
        root = etree.fromstring(_ENTITY.sub("&#160;", div).encode(), _parser())
    except (etree.XMLSyntaxError, UnicodeEncodeError) as problem:
        return f"the XHTML is not well-formed: {problem}"
    if root.tag != f"{_NAMESPACE}div":
        return 'expected <div xmlns="http://www.w3.org/1999/xhtml">'
    return next(filter(None, map(_element_fault, root.iter())), "") or _content_fault(root)


def _element_fault(node: Any) -> str:
    if not isinstance(node.tag, str):
        return "a narrative cannot have processing instructions or entities"
    name = node.tag.removeprefix(_NAMESPACE)
    if name not in _ELEMENTS:
        return f"the element <{name}> is not allowed in a narrative"
    # Names first, for a value is looked up along all attributes before it: of very many that would take minutes.
    for key in node.keys():  # noqa: SIM118 (an element's own iterator is that of its children)
        if key not in _ATTRIBUTES and not key.startswith(_XML_NAMESPACE):
            return f"the attribute {key} is not allowed in a narrative"
    for key in ("href", "src", "cite", "longdesc", "style"):
        value = node.get(key, "")
        if key != "style" and _UNSAFE_ADDRESS.match(value):
            return f"the attribute {key} cannot hold a script"
        if key == "style" and _UNSAFE_STYLE.search(value):
            return "the attribute style cannot load or run anything"
    return ""


def _content_fault(root: Any) -> str:
    """A narrative says something: text, or at least an image (invariant txt-2)."""
    if any(text.strip() for text in root.itertext()) or root.find(f".//{_NAMESPACE}img") is not None:
        return ""
    return EMPTY
