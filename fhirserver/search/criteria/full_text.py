"""`_text` and `_content`: words of the narrative, or of the whole resource. https://hl7.org/fhir/R4/search.html#text"""

from fhirserver.search.ast import And, FullText, Node, Not, Or
from fhirserver.search.text_query import Every, Expression, Some, Without, is_led, parse_text

COLUMNS = {"_text": "narrative", "_content": "content"}


def full_text(resource_type: str, code: str, text: str) -> Node:
    return _node(resource_type, COLUMNS[code], parse_text(code, text))


def _node(resource_type: str, column: str, expression: Expression) -> Node:
    """What the index can list is asked in one; what it cannot, such as all that lack a word, is put together of that."""
    if is_led(expression):
        return FullText(resource_type, column, expression)
    match expression:
        case Without(part):
            return Not(_node(resource_type, column, part))
        case Every(parts):
            return And(tuple(_node(resource_type, column, one) for one in parts))
        case Some(parts):
            return Or(tuple(_node(resource_type, column, one) for one in parts))
    raise TypeError("a phrase is always listed")
