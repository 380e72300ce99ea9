"""What an operation is asked: from the query of a GET, or from the Parameters of a POST.

https://hl7.org/fhir/R4/operations.html#request
"""

from typing import Any

from fhirserver.http import FhirRequest
from fhirserver.numbers import whole_number
from fhirserver.representation import read_resource
from fhirserver.responses import json_response
from fhirserver.writing import require_valid
from fhirspec import json

_FOR_THE_ANSWER = ("_format", "_pretty")


class Asked:
    """The parameters of one call by name: text, or JSON values and resources where they came in a body. `in_body`: those of a body that
    have one value, as an address would say them."""

    def __init__(self, request: FhirRequest) -> None:
        self.values: dict[str, list[Any]] = {}
        self.resource: dict[str, Any] | None = None
        self.in_body: list[tuple[str, str]] = []
        for name, value in request.query:
            if name not in _FOR_THE_ANSWER:
                self.values.setdefault(name, []).append(value)
        if request.method == "POST" and request.body:
            self._read(read_resource(request))

    def _read(self, body: dict[str, Any]) -> None:
        if body["resourceType"] != "Parameters":
            self.resource = body
            return
        # Some write an empty list where none is meant.
        parameters = body.get("parameter") or []
        if parameters:
            require_valid(_without_resources(body, parameters))
        for parameter in parameters:
            value = _value(parameter)
            if not isinstance(value, dict):
                self.in_body.append((parameter["name"], str(value)))
            self.values.setdefault(parameter["name"], []).append(value)

    def text(self, name: str) -> str | None:
        found = self.values.get(name)
        return None if not found else str(found[0])

    def texts(self, name: str) -> list[str]:
        """All values of a parameter, commas splitting each."""
        return [part for value in self.values.get(name, []) for part in str(value).split(",") if part]

    def object(self, name: str) -> dict[str, Any] | None:
        """A parameter that is a resource or a complex value; a body that is a bare resource counts as `resource`."""
        found = self.values.get(name)
        if found and isinstance(found[0], dict):
            return found[0]
        return self.resource if name == "resource" else None

    def number(self, name: str, default: int | None) -> int | None:
        text = self.text(name)
        return default if text is None else whole_number(name, text)

    def flag(self, name: str) -> bool:
        return (self.text(name) or "").lower() == "true"


def _without_resources(body: dict[str, Any], parameters: Any) -> dict[str, Any]:
    """What a resource in it must be like is the operation's to say: `$validate` is sent invalid ones."""
    if not isinstance(parameters, list):
        return body
    plain = [
        {name: value for name, value in one.items() if name != "resource"} if isinstance(one, dict) else one
        for one in parameters
    ]
    return {**body, "parameter": plain}


def _value(parameter: dict[str, Any]) -> Any:
    if "resource" in parameter:
        return parameter["resource"]
    found = next((value for key, value in parameter.items() if key.startswith("value")), "")
    return str(found).lower() if isinstance(found, bool) else found


def parameters_response(*values: tuple[str, str, Any]) -> Any:
    """A Parameters answer from (name, value[x] property, value); what is None is left out."""
    listed = [{"name": name, kind: value} for name, kind, value in values if value is not None]
    return json_response(json.encode({"resourceType": "Parameters", "parameter": listed}))
