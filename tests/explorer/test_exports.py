"""What other tools are given describes the deployment as it is."""

import json

import jsonschema_rs
import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from tests.openapi import check_openapi

pytestmark = pytest.mark.django_db(databases="__all__")


def fetch(client: Client, name: str, deployment: Deployment, resource_type: str = "") -> dict[str, object]:
    url = reverse(f"explorer:{name}", args=[deployment.pk])
    return json.loads(client.get(url, {"type": resource_type} if resource_type else {}).content)  # type: ignore[no-any-return]


def test_openapi_is_valid_and_lists_every_type(explorer: Client, deployment: Deployment) -> None:
    document = fetch(explorer, "openapi", deployment)
    assert document["openapi"] == "3.1.0"
    check_openapi(document)
    assert {"/Patient", "/Patient/{id}", "/metadata", "/Observation/_search"} <= set(document["paths"])  # type: ignore[call-overload]
    ids = [
        operation["operationId"]
        for item in document["paths"].values()  # type: ignore[attr-defined]
        for operation in item.values()
    ]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "fault",
    [
        {"info": {"title": "No version"}},
        {"paths": {"Patient": {}}},
        {"components": {"parameters": {"a": {"name": "a", "in": "nowhere"}}}},
        {"paths": {"/Patient": {"get": {"responses": {"200": {"content": {}}}}}}},
    ],
)
def test_what_is_not_openapi_is_noticed(fault: dict[str, object]) -> None:
    document = {"openapi": "3.1.0", "info": {"title": "A", "version": "1"}, "paths": {}}
    check_openapi(document)
    with pytest.raises(jsonschema_rs.ValidationError):
        check_openapi(document | fault)


def test_openapi_of_one_type_holds_only_that_type(explorer: Client, deployment: Deployment) -> None:
    document = fetch(explorer, "openapi", deployment, "Patient")
    assert all(path.startswith("/Patient") for path in document["paths"])  # type: ignore[attr-defined]
    parameters = document["components"]["parameters"]  # type: ignore[index]
    assert parameters["Patient-gender"]["name"] == "gender"


def test_a_postman_collection_holds_requests_but_no_secret(
    explorer: Client, deployment: Deployment, api_key: str
) -> None:
    collection = fetch(explorer, "postman", deployment, "Patient")
    assert api_key not in json.dumps(collection)
    (folder,) = collection["item"]  # type: ignore[misc]
    urls = {item["request"]["url"] for item in folder["item"]}
    assert {"{{baseUrl}}/Patient", "{{baseUrl}}/Patient/:id"} <= urls


def test_there_is_no_export_of_an_unknown_type(explorer: Client, deployment: Deployment) -> None:
    for name in ("openapi", "postman"):
        url = reverse(f"explorer:{name}", args=[deployment.pk])
        assert explorer.get(url, {"type": "Nothing"}).status_code == 404


def test_the_endpoint_itself_serves_its_openapi_to_anybody(client: Client, deployment: Deployment) -> None:
    base = f"/fhir/{deployment.pk}/r4"
    answer = client.get(f"{base}/openapi.json")
    document = answer.json()
    assert answer.status_code == 200
    assert document["servers"][0]["url"].endswith(base)
    check_openapi(document)
    one = client.get(f"{base}/openapi.json?type=Patient").json()
    assert all(path.startswith("/Patient") for path in one["paths"])
    refused = client.get(f"{base}/openapi.json?type=Nothing")
    assert (refused.status_code, refused.json()["resourceType"]) == (404, "OperationOutcome")
    assert client.post(f"{base}/openapi.json").status_code == 401
