"""The operations that this server has: one line each. Routes and the CapabilityStatement derive from it."""

from collections.abc import Callable
from typing import NamedTuple

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.operations.docref import docref
from fhirserver.operations.everything import everything
from fhirserver.operations.meta import meta, meta_add, meta_delete
from fhirserver.operations.terminology import expand, lookup, validate_code
from fhirserver.operations.validate import validate
from fhirserver.outcomes import NotSupported
from fhirserver.store import Store

_EXPORT = "http://hl7.org/fhir/uv/bulkdata/OperationDefinition/{level}export"
_PERSON = "http://hl7.org/fhir/OperationDefinition/Patient-everything"
_DOCREF = "http://hl7.org/fhir/us/core/OperationDefinition/docref"
Handler = Callable[[FhirRequest, Store], FhirResponse]


class OfferedOperation(NamedTuple):
    """`levels`: of s(ystem), t(ype), i(nstance). `types`: where it applies, empty for every type. `letter`: what the grant must allow on
    the type. `methods`: by which it may be called. `definition`: its canonical URL, when FHIR R4 itself does not define it, with `{level}` where
    a guide has one for each type."""

    code: str
    levels: str
    types: tuple[str, ...]
    letter: str
    methods: tuple[str, ...]
    handler: Handler
    definition: str = ""


def by_the_caller(request: FhirRequest, store: Store) -> FhirResponse:
    """An export is a job with files and addresses: who embeds the engine answers it (see operations.export)."""
    raise NotSupported("This address answers no exports.")


GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

OPERATIONS: tuple[OfferedOperation, ...] = (
    OfferedOperation("everything", "i", ("Encounter", "Patient", "Person"), "r", BOTH, everything, _PERSON),
    OfferedOperation("docref", "t", ("DocumentReference",), "s", BOTH, docref, _DOCREF),
    OfferedOperation("validate", "ti", (), "", BOTH, validate),
    OfferedOperation("meta", "i", (), "r", BOTH, meta),
    OfferedOperation("meta-add", "i", (), "u", POST, meta_add),
    OfferedOperation("meta-delete", "i", (), "u", POST, meta_delete),
    OfferedOperation("expand", "ti", ("ValueSet",), "r", BOTH, expand),
    OfferedOperation("validate-code", "ti", ("CodeSystem", "ValueSet"), "r", BOTH, validate_code),
    OfferedOperation("export", "sti", ("Group", "Patient"), "", BOTH, by_the_caller, _EXPORT),
    OfferedOperation("lookup", "t", ("CodeSystem",), "r", BOTH, lookup),
)
