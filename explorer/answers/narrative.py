"""The human-readable part of a resource, safe to show: only the elements and attributes that FHIR allows.

https://hl7.org/fhir/R4/narrative.html
"""

from typing import Any

from lxml import etree

LARGEST = 200_000
_ELEMENTS = frozenset(
    [
        "a",
        "abbr",
        "acronym",
        "b",
        "big",
        "blockquote",
        "br",
        "caption",
        "code",
        "col",
        "colgroup",
        "dd",
        "del",
        "dfn",
        "div",
        "dl",
        "dt",
        "em",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "i",
        "ins",
        "kbd",
        "li",
        "ol",
        "p",
        "pre",
        "q",
        "s",
        "samp",
        "small",
        "span",
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
# Neither links nor pictures: a narrative comes from anywhere, and nothing may be fetched for it.
_ATTRIBUTES = frozenset({"colspan", "rowspan", "scope", "title", "lang", "dir"})
# A heading of a narrative must not become one of the page.
_RENAMED = {f"h{level}": "strong" for level in range(1, 7)} | {"a": "span"}
_DROPPED_WHOLE = frozenset(
    {"script", "style", "iframe", "object", "embed", "form", "svg", "math", "template"}
)


def safe_narrative(resource: Any) -> str:
    """HTML of the resource's own narrative; empty when it has none, or none that is well-formed."""
    text = resource.get("text") if isinstance(resource, dict) else None
    source = text.get("div", "") if isinstance(text, dict) else ""
    if not isinstance(source, str) or not source.strip() or len(source) > LARGEST:
        return ""
    parser = etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False)
    try:
        root = etree.fromstring(source.encode(), parser)
    except etree.XMLSyntaxError:
        return ""
    clean = etree.Element("div")
    clean.text = root.text
    _copy(root, clean)
    return etree.tostring(clean, encoding="unicode", method="html")


def _copy(source: etree._Element, target: etree._Element) -> None:
    for child in source:
        name = etree.QName(child).localname.lower() if isinstance(child.tag, str) else ""
        if name in _DROPPED_WHOLE or not name:
            _append_text(target, child.tail)
        elif name in _ELEMENTS:
            made = etree.SubElement(target, _RENAMED.get(name, name))
            for key, value in child.attrib.items():
                if str(key) in _ATTRIBUTES:
                    made.set(key, value)
            made.text, made.tail = child.text, child.tail
            _copy(child, made)
        else:
            _append_text(target, child.text)
            _copy(child, target)
            _append_text(target, child.tail)


def _append_text(target: etree._Element, text: str | None) -> None:
    if len(target):
        target[-1].tail = (target[-1].tail or "") + (text or "")
    else:
        target.text = (target.text or "") + (text or "")
