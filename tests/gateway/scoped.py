"""Records of two patients, and callers whose tokens have chosen scopes: what the tests of scopes share.

Alice's Patient is p1. `own` resources are in the compartment of p1, `other` ones in that of p2; an Organization is in none.
"""

import json
from collections.abc import Callable, Iterator
from typing import Any

from credentials.models import OAuthApplication, ServerUser
from deployments.models import Deployment
from smart.models import Authorization
from smart.scopes import read_scopes
from smart.tokens import sign_access_token
from smart.users import create_user
from tests.gateway.conftest import Caller

LABORATORY = {
    "coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "laboratory"}]
}


def observation(patient: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "weight"},
        "subject": {"reference": f"Patient/{patient}"},
        **more,
    }


RESOURCES: dict[str, dict[str, Any]] = {
    "own patient": {"resourceType": "Patient", "id": "p1", "gender": "female"},
    "other patient": {"resourceType": "Patient", "id": "p2", "gender": "male"},
    "own observation": observation("p1", id="o1"),
    "own laboratory": observation("p1", id="o2", category=[LABORATORY]),
    "other observation": observation("p2", id="o3"),
    "other laboratory": observation("p2", id="o4", category=[LABORATORY]),
    "organization": {"resourceType": "Organization", "id": "org", "name": "Clinic"},
}


def path_of(resource: dict[str, Any]) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def held(value: Any) -> Iterator[dict[str, Any]]:
    """Every stored resource in an answer, however deep."""
    if isinstance(value, dict):
        if value.get("id") and value.get("resourceType") not in (None, "Bundle", "OperationOutcome"):
            yield value
        for inner in value.values():
            yield from held(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from held(inner)


def store(full: Caller) -> None:
    for resource in RESOURCES.values():
        response: Any = full("PUT", path_of(resource), json.dumps(resource))
        assert response.status_code in (200, 201), response.content


class Token(Caller):
    """An outside client with an access token."""

    def __call__(self, method: str, path: str = "", body: Any = None, **headers: str) -> Any:
        return Caller(self.client, self.base)(
            method, path, body, authorization=f"Bearer {self.key}", **headers
        )


def token_for(
    application: OAuthApplication, deployment: Deployment, scopes: str, fhir_user: str, patient: str
) -> str:
    """An access token with these scopes, for a person (`fhir_user`) and a patient in context, or for a service."""
    user: ServerUser | None = None
    if fhir_user:
        name = fhir_user.replace("/", "-").lower()
        user = ServerUser.objects.filter(deployment=deployment, username=name).first() or create_user(
            deployment, username=name, password="warm-hearth-evening", name=name, fhir_user=fhir_user
        )
    authorization = Authorization.objects.create(
        application=application, user=user, scopes=scopes, patient=patient
    )
    return sign_access_token(authorization, read_scopes(scopes), 600)


Bearer = Callable[..., Token]
