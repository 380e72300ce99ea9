"""From SMART scopes to an access grant (https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html).

- `patient/…` is confined to the compartment of the launch context's patient; without one it grants nothing.
- `user/…` is what the linked person may see: a patient their own compartment, a related person the launch context's
  patient, a practitioner the whole deployment. Without a link it grants nothing.
- `system/…` is the whole deployment, for backend services.
Search restrictions of version 2 become restrictions of the permission.
"""

from fhirserver.access import AccessGrant, Permission
from smart.claims import SignedClaims
from smart.scopes import Level, ResourceScope

Compartment = tuple[str, str]
_WHOLE = frozenset({"Practitioner", "PractitionerRole"})


def grant_of(claims: SignedClaims) -> AccessGrant:
    permissions = (_permission(scope, claims) for scope in claims.scopes.resources)
    return AccessGrant(tuple(one for one in permissions if one is not None))


def _permission(scope: ResourceScope, claims: SignedClaims) -> Permission | None:
    compartment: Compartment | None = None
    if scope.level is Level.PATIENT:
        if not claims.patient:
            return None
        compartment = ("Patient", claims.patient)
    elif scope.level is Level.USER:
        kind, _, logical_id = claims.fhir_user.partition("/")
        if kind == "Patient" and logical_id:
            compartment = ("Patient", logical_id)
        elif kind == "RelatedPerson" and claims.patient:
            compartment = ("Patient", claims.patient)
        elif kind not in _WHOLE:
            return None
    elif claims.fhir_user or claims.patient:
        # A person's token cannot act as a backend service, whatever it says.
        return None
    letters = frozenset(scope.interactions)
    return Permission(scope.resource_type, letters, compartment, scope.restriction or None)
