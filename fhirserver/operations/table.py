"""The operations that this server has: one line each. Routes and the CapabilityStatement derive from it."""

from collections.abc import Callable
from typing import NamedTuple

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.operations.docref import docref
from fhirserver.operations.everything import everything
from fhirserver.operations.expand import expand
from fhirserver.operations.lookup import lookup
from fhirserver.operations.meta import meta, meta_add, meta_delete
from fhirserver.operations.subsumes import subsumes
from fhirserver.operations.validate import validate
from fhirserver.operations.validate_code import validate_code
from fhirserver.outcomes import NotSupported
from fhirserver.store import Store

Handler = Callable[[FhirRequest, Store], FhirResponse]


class OfferedOperation(NamedTuple):
    """`levels`: of s(ystem), t(ype), i(nstance). `types`: where it applies, empty for every type. `letter`: what the grant must allow on
    the type. `methods`: by which it may be called."""

    code: str
    levels: str
    types: tuple[str, ...]
    letter: str
    methods: tuple[str, ...]
    handler: Handler


def by_the_caller(request: FhirRequest, store: Store) -> FhirResponse:
    """An export is a job with files and addresses: who embeds the engine answers it (see operations.export)."""
    raise NotSupported(
        "An export is asked for by a request of its own with Prefer: respond-async, not in a Bundle."
    )


GET, POST, BOTH = ("GET",), ("POST",), ("GET", "POST")

OPERATIONS: tuple[OfferedOperation, ...] = (
    OfferedOperation("everything", "i", ("Encounter", "Patient", "Person"), "r", BOTH, everything),
    OfferedOperation("everything", "t", ("Patient",), "r", BOTH, everything),
    OfferedOperation("docref", "t", ("DocumentReference",), "s", BOTH, docref),
    OfferedOperation("validate", "sti", (), "", BOTH, validate),
    OfferedOperation("meta", "ti", (), "r", BOTH, meta),
    OfferedOperation("meta", "s", (), "", BOTH, meta),
    OfferedOperation("meta-add", "i", (), "u", POST, meta_add),
    OfferedOperation("meta-delete", "i", (), "u", POST, meta_delete),
    OfferedOperation("expand", "ti", ("ValueSet",), "r", BOTH, expand),
    OfferedOperation("validate-code", "ti", ("CodeSystem", "ValueSet"), "r", BOTH, validate_code),
    OfferedOperation("export", "s", (), "", BOTH, by_the_caller),
    OfferedOperation("export", "t", ("Patient",), "", BOTH, by_the_caller),
    OfferedOperation("export", "i", ("Group",), "", BOTH, by_the_caller),
    OfferedOperation("lookup", "t", ("CodeSystem",), "r", BOTH, lookup),
    OfferedOperation("subsumes", "ti", ("CodeSystem",), "r", BOTH, subsumes),
)
