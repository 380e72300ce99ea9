"""Is a narrative safe and well formed? https://hl7.org/fhir/R4/narrative.html#xhtml (txt-1, txt-2)"""

from functools import lru_cache
from typing import Any

from lxml import etree

_XHTML = "{http://www.w3.org/1999/xhtml}"
_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "bdo",
        "big",
        "blockquote",
        "br",
        "caption",
        "center",
        "cite",
        "code",
        "col",
        "colgroup",
        "dd",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "font",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "img",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "samp",
        "small",
        "span",
        "strike",
        "strong",
        "sub",
        "sup",
        "table",
        "tbody",
        "td",
        "tfoot",
        "th",
        "thead",
        "tr",
        "tt",
        "u",
        "ul",
        "var",
    ]
)
_ATTRIBUTES = frozenset(
    [
        "abbr",
        "accesskey",
        "align",
        "alt",
        "axis",
        "bgcolor",
        "border",
        "cellhalign",
        "cellpadding",
        "cellspacing",
        "cellvalign",
        "char",
        "charoff",
        "charset",
        "cite",
        "class",
        "color",
        "colspan",
        "compact",
        "coords",
        "dir",
        "face",
        "frame",
        "headers",
        "height",
        "href",
        "hreflang",
        "hspace",
        "id",
        "lang",
        "longdesc",
        "name",
        "noshade",
        "nowrap",
        "rel",
        "rev",
        "rowspan",
        "rules",
        "scope",
        "shape",
        "size",
        "span",
        "src",
        "start",
        "style",
        "summary",
        "tabindex",
        "title",
        "type",
        "valign",
        "value",
        "width",
        "xml:lang",
    ]
)
_UNSAFE_ADDRESSES = ("javascript:", "vbscript:", "data:text")


@lru_cache(maxsize=2048)
def fault_of_xhtml(text: str) -> str:
    """What is wrong with a narrative's XHTML, or an empty string."""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(_without_named_entities(text).encode(), parser)
    except etree.XMLSyntaxError as problem:
        return f"is not well-formed XHTML: {problem.msg}"
    if root.tag not in ("div", f"{_XHTML}div"):
        return "must be one <div> element"
    for node in root.iter():
        if fault := _fault_of_node(node):
            return fault
    return ""


def _without_named_entities(text: str) -> str:
    # XML knows five names; narratives use &nbsp; and others of HTML, which are harmless.
    return text.replace("&nbsp;", "&#160;").replace("&copy;", "&#169;").replace("&reg;", "&#174;")


def _fault_of_node(node: Any) -> str:
    if not isinstance(node.tag, str):
        return "" if node.tag is etree.Comment else "must not hold processing instructions or entities"
    name = node.tag.removeprefix(_XHTML)
    if name not in _ELEMENTS:
        return f"must not hold <{name}>: narratives allow only basic formatting"
    for attribute, value in node.attrib.items():
        plain = str(attribute).rpartition("}")[2]
        if plain not in _ATTRIBUTES:
            return f"must not hold the attribute {plain} on <{name}>"
        if str(value).strip().lower().startswith(_UNSAFE_ADDRESSES):
            return f"must not hold an address that runs a script on <{name}>"
    return ""
