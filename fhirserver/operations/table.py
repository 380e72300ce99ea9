"""The operations that this server has: one line each. Routes and the CapabilityStatement derive from it."""

from collections.abc import Callable
from typing import NamedTuple

from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.store import Store

Handler = Callable[[FhirRequest, Store], FhirResponse]


class OfferedOperation(NamedTuple):
    """`levels`: of s(ystem), t(ype), i(nstance). `types`: where it applies, empty for every type. `letter`: what the grant must allow on
    the type. `methods`: by which it may be called. `definition`: its canonical URL, when FHIR R4 itself does not define it."""

    code: str
    levels: str
    types: tuple[str, ...]
    letter: str
    methods: tuple[str, ...]
    handler: Handler
    definition: str = ""


OPERATIONS: tuple[OfferedOperation, ...] = ()
