"""OperationDefinitions that FHIR R4 itself does not bring: of Bulk Data, of US Core, and of this server's own.

https://hl7.org/fhir/R4/operationdefinition.html
"""

from typing import Any, NamedTuple

_BULK = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/"
_US_CORE = "http://hl7.org/fhir/us/core/OperationDefinition/"


class Input(NamedTuple):
    """A parameter that goes in. `most`: 1 or `*`."""

    name: str
    type: str
    says: str
    least: int = 0
    most: str = "1"


class OwnDefinition(NamedTuple):
    """`level`: s(ystem), t(ype) or i(nstance). `url` empty: the definition's address at this server. `answer`: the type of what comes out."""

    logical_id: str
    url: str
    code: str
    level: str
    resource_type: str
    says: str
    inputs: tuple[Input, ...]
    answer: str = ""

    def canonical(self, base_url: str) -> str:
        return self.url or f"{base_url}/OperationDefinition/{self.logical_id}"

    def resource(self, base_url: str) -> dict[str, Any]:
        """The OperationDefinition as it is served."""
        answer = {"name": "return", "use": "out", "min": 1, "max": "1", "type": self.answer}
        return {
            "resourceType": "OperationDefinition",
            "id": self.logical_id,
            "url": self.canonical(base_url),
            "name": "".join(part.capitalize() for part in self.logical_id.split("-")),
            "status": "active",
            "kind": "operation",
            "description": self.says,
            "affectsState": False,
            "code": self.code,
            **({"resource": [self.resource_type]} if self.resource_type else {}),
            "system": self.level == "s",
            "type": self.level == "t",
            "instance": self.level == "i",
            "parameter": [*map(_parameter, self.inputs), *([answer] if self.answer else [])],
        }


def _parameter(one: Input) -> dict[str, Any]:
    return {
        "name": one.name,
        "use": "in",
        "min": one.least,
        "max": one.most,
        "documentation": one.says,
        "type": one.type,
    }


_EXPORT = (
    Input("_outputFormat", "string", "The format of the files: application/fhir+ndjson."),
    Input("_since", "instant", "Only what changed after this moment."),
    Input("_until", "instant", "Only what changed before this moment."),
    Input("_type", "string", "The resource types to export, with commas between them."),
    Input("_typeFilter", "string", "Searches, such as Observation?status=final, that limit a type.", 0, "*"),
    Input("_elements", "string", "The elements to keep, with commas between them."),
)
_PERIOD = (
    Input("start", "date", "Only care from this date on."),
    Input("end", "date", "Only care up to this date."),
)
OWN_DEFINITIONS: tuple[OwnDefinition, ...] = (
    OwnDefinition(
        "export",
        f"{_BULK}export",
        "export",
        "s",
        "",
        "Export everything as NDJSON in the background.",
        _EXPORT,
    ),
    OwnDefinition(
        "patient-export",
        f"{_BULK}patient-export",
        "export",
        "t",
        "Patient",
        "Export what belongs to patients as NDJSON in the background.",
        _EXPORT,
    ),
    OwnDefinition(
        "group-export",
        f"{_BULK}group-export",
        "export",
        "i",
        "Group",
        "Export what belongs to the patients of a group as NDJSON in the background.",
        _EXPORT,
    ),
    OwnDefinition(
        "docref",
        f"{_US_CORE}docref",
        "docref",
        "t",
        "DocumentReference",
        "Find the documents of a patient.",
        (
            Input("patient", "id", "The id of the patient.", 1),
            *_PERIOD,
            Input("type", "CodeableConcept", "The kind of document.", 0, "*"),
        ),
        "Bundle",
    ),
    OwnDefinition(
        "validate-any",
        "",
        "validate",
        "s",
        "",
        "Check a resource of any type without storing it.",
        (
            Input("resource", "Resource", "What is checked."),
            Input("mode", "code", "What it is checked for: create, update or profile."),
            Input("profile", "uri", "The canonical URL of the profile that it is to meet."),
        ),
        "OperationOutcome",
    ),
    OwnDefinition(
        "Person-everything",
        "",
        "everything",
        "i",
        "Person",
        "The record of every patient that a person is linked to, with what it refers to.",
        (
            *_PERIOD,
            Input("_since", "instant", "Only what changed after this moment."),
            Input("_type", "code", "The resource types to include.", 0, "*"),
            Input("_count", "integer", "How many resources a page has."),
            Input("_offset", "integer", "How many resources come before the page."),
        ),
        "Bundle",
    ),
)


def own_definition(code: str, level: str, resource_type: str) -> OwnDefinition | None:
    """The server's own definition of an operation at a level of a type (empty at the system)."""
    return next(
        (
            one
            for one in OWN_DEFINITIONS
            if (one.code, one.level, one.resource_type) == (code, level, resource_type)
        ),
        None,
    )
