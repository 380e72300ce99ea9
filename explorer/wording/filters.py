"""A `_filter` expression in plain words. https://hl7.org/fhir/R4/search_filter.html"""

from fhirserver.outcomes import FhirError
from fhirserver.search.filter_syntax import Comparison, Every, Filter, Some, Without, parse_filter

_OPERATORS = {
    "eq": "is", "ne": "is not", "co": "contains", "sw": "starts with", "ew": "ends with", "gt": "is more than",
    "lt": "is less than", "ge": "is at least", "le": "is at most", "ap": "is about", "sa": "starts after", "eb": "ends before",
    "po": "overlaps", "ss": "is or is below", "sb": "is or is above", "in": "is in the value set",
    "ni": "is not in the value set", "re": "refers to",
}  # fmt: skip


def filter_words(text: str) -> str:
    """The expression as it stands when it cannot be read."""
    try:
        return _words(parse_filter(text))
    except FhirError:
        return f"“{text}” holds"


def _words(asked: Filter) -> str:
    match asked:
        case Every(parts):
            return " and ".join(map(_inner, parts))
        case Some(parts):
            return " or ".join(map(_inner, parts))
        case Without(part):
            return f"not ({_words(part)})"
        case Comparison(path, operator, value):
            steps = [f"{step.name} ({_words(step.kept)})" if step.kept else step.name for step in path]
            name = " of its ".join(reversed(steps))
            if operator == "pr":
                return f"{name} is {'there' if value == 'true' else 'missing'}"
            return f"{name} {_OPERATORS[operator]} {value}"


def _inner(part: Filter) -> str:
    return f"({_words(part)})" if isinstance(part, (Every, Some)) else _words(part)
