"""Reading that takes JSON at its word: a number is not a text, "yes" is not a boolean, and a field that is misspelt is refused."""

from collections.abc import Mapping
from typing import Any, ClassVar, NoReturn

from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.fields import empty
from rest_framework.parsers import JSONParser

_TEXTS = (
    serializers.CharField,
    serializers.ChoiceField,
    serializers.DateTimeField,
    serializers.DateField,
)


class Json(JSONParser):
    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - there are too many levels.") from None


class Choice(serializers.ChoiceField):
    """Its refusal lists what can be chosen: who sees it may have no page of the API beside it."""

    default_error_messages = {"invalid_choice": "“{input}” is none of the choices: {choices}."}

    def fail(self, key: str, **words: Any) -> NoReturn:
        super().fail(key, choices=", ".join(str(one) or "(empty)" for one in self.choices), **words)


class Strict(serializers.Serializer[Any]):
    """Mix in first. Query parameters are texts always and need no such care."""

    serializer_choice_field: ClassVar[type[serializers.Field[Any, Any, Any, Any]]] = Choice

    def run_validation(self, data: Any = empty) -> Any:
        if isinstance(data, Mapping):
            faults = {
                name: [f"This must be {wanted}."]
                for name, field in self.fields.items()
                if not field.read_only and name in data and (wanted := _mismatch(field, data[name]))
            }
            # What is only told may be sent back; anything else is a slip of the pen that would be lost in silence.
            faults |= {str(name): ["There is no such field."] for name in data if name not in self.fields}
            if faults:
                raise ValidationError(faults)
        return super().run_validation(data)


def _mismatch(field: Any, value: Any) -> str:
    """What the value should have been; empty when its JSON type fits."""
    if value is None:
        return ""
    if isinstance(field, serializers.BooleanField):
        return "" if isinstance(value, bool) else "true or false"
    if isinstance(field, serializers.IntegerField):
        return "" if isinstance(value, int) and not isinstance(value, bool) else "a whole number"
    if isinstance(field, _TEXTS):
        return "" if isinstance(value, str) else "a text"
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        wrong = any(_mismatch(field.child, each) for each in value)
        return "a list of texts" if wrong else ""
    return ""
