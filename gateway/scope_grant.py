"""From SMART scopes to an access grant (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html).

- `patient/…` is confined to the compartment of the launch context's patient; without one it grants nothing. To read and to search it
  reaches what the record refers to as well (fhirserver.reached).
- `user/…` is what the linked person may see: a patient their own compartment, a related person and a Person those of the
  patients that their resource names, a practitioner the whole deployment. Without a link it grants nothing.
- `fhirUser` lets a practitioner's own resource be read, and no more: the claim is the address of the person who signed in. What
  a patient's own resource says is for `patient/` and `user/` scopes.
- `system/…` is the whole deployment, for backend services.
Search restrictions of version 2 become restrictions of the permission.
"""

from collections.abc import Collection, Iterator

from fhirserver.access import AccessGrant, Permission
from smart.claims import SignedClaims
from smart.scopes import Level, ResourceScope, Special

_WHOLE = frozenset({"Practitioner", "PractitionerRole"})
REPRESENTATIVES = frozenset({"RelatedPerson", "Person"})


def grant_of(claims: SignedClaims, represented: Collection[str] = ()) -> AccessGrant:
    """`represented`: logical ids of the patients whom the linked RelatedPerson or Person stands for."""
    return AccessGrant(
        tuple(
            permission
            for scope in claims.scopes.resources
            for permission in _permissions(scope, claims, represented)
        ),
        own=claims.fhir_user if Special.FHIR_USER in claims.scopes and _is_practitioner(claims) else "",
    )


def _is_practitioner(claims: SignedClaims) -> bool:
    return claims.fhir_user.startswith("Practitioner/")


def _permissions(
    scope: ResourceScope, claims: SignedClaims, represented: Collection[str]
) -> Iterator[Permission]:
    letters, restriction = frozenset(scope.interactions), scope.restriction or None
    if scope.level is Level.PATIENT:
        patients = [claims.patient] if claims.patient else []
    elif scope.level is Level.SYSTEM:
        # A person's token cannot act as a backend service, whatever it says.
        if not claims.fhir_user and not claims.patient:
            yield Permission(scope.resource_type, letters, None, restriction)
        return
    else:
        kind, _, logical_id = claims.fhir_user.partition("/")
        if kind in _WHOLE:
            yield Permission(scope.resource_type, letters, None, restriction)
            return
        patients = [logical_id] if kind == "Patient" and logical_id else []
        patients = list(represented) if kind in REPRESENTATIVES else patients
    for patient in patients:
        yield Permission(scope.resource_type, letters, ("Patient", patient), restriction)
