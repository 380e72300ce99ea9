"""The CapabilityStatement is what the routes do."""

from urllib.parse import urlencode

from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from fhirserver.operations.expand import PARAMETERS
from fhirspec.catalogue import get_catalogue
from fhirspec.validation import validate
from tests.fhirserver.client import Client


def test_the_statement_is_valid_and_names_every_type(client: Client) -> None:
    answered = client.get("metadata")
    statement = answered.json()
    assert validate(statement, "CapabilityStatement") == []
    CapabilityStatement.model_validate_json(answered.body)
    rest = statement["rest"][0]
    assert [one["type"] for one in rest["resource"]] == list(get_catalogue().resource_types)
    codes = {one["code"] for one in rest["resource"][0]["interaction"]}
    assert codes == {
        "create", "search-type", "history-type", "update", "patch", "delete", "read", "history-instance", "vread",
    }  # fmt: skip
    assert {one["code"] for one in rest["interaction"]} == {
        "transaction", "batch", "search-system", "history-system",
    }  # fmt: skip


def test_the_terminology_capabilities_are_valid(client: Client) -> None:
    statement = client.get("metadata?mode=terminology").json()
    assert validate(statement, "TerminologyCapabilities") == []
    assert client.get("metadata?mode=other").status == 400


def test_the_normative_statement_is_answered(client: Client) -> None:
    normative = client.get("metadata?mode=normative")
    assert normative.json() == client.get("metadata?mode=full").json()
    assert validate(normative.json(), "CapabilityStatement") == []


def test_each_code_system_that_is_listed_answers(client: Client) -> None:
    statement = client.get("metadata?mode=terminology").json()
    listed = {one["uri"]: one for one in statement["codeSystem"]}
    assert len(listed) == len(statement["codeSystem"]) > 300
    for url in list(listed)[::40]:
        table = get_catalogue().canonical(url)
        assert table is not None
        code = table["concept"][0]["code"]
        looked = client.get(f"CodeSystem/$lookup?{urlencode({'system': url, 'code': code})}")
        assert looked.status == 200, url
        names = {one["name"] for one in looked.json()["parameter"]} - {"property"}
        (version,) = listed[url]["version"]
        assert names <= set(version["property"]) | {"property"}
        assert version.get("code", "") == table.get("version", "")
        asked = urlencode({"system": url, "codeA": code, "codeB": code})
        assert client.get(f"CodeSystem/$subsumes?{asked}").json()["parameter"][0]["valueCode"] == "equivalent"
    assert client.get("CodeSystem/$lookup?system=http://unlisted.example&code=a").status == 404


def test_the_terminology_statement_names_the_parameters_that_expansions_take(client: Client) -> None:
    expansion = client.get("metadata?mode=terminology").json()["expansion"]
    assert [one["name"] for one in expansion["parameter"]] == list(PARAMETERS)
    assert all(one["documentation"] for one in expansion["parameter"])


def test_the_definition_of_an_operation_can_be_read(client: Client) -> None:
    definition = client.get("OperationDefinition/Patient-everything").json()
    assert definition["code"] == "everything"
    assert client.get("OperationDefinition/Measure-evaluate-measure").status == 404


def test_a_stored_definition_stands_before_the_servers_own(client: Client) -> None:
    mine = {**client.get("OperationDefinition/Patient-everything").json(), "name": "Mine"}
    assert client.put("OperationDefinition/Patient-everything", mine).status == 201
    assert client.get("OperationDefinition/Patient-everything").json()["name"] == "Mine"


def test_a_document_is_found_by_its_composition(client: Client) -> None:
    composition = {
        "resourceType": "Composition",
        "id": "letter",
        "status": "final",
        "type": {"text": "Letter"},
        "date": "2024-01-01",
        "author": [{"display": "Dr. Ann"}],
        "title": "Letter",
    }
    document = {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {"system": "urn:letters", "value": "1"},
        "timestamp": "2024-01-01T00:00:00Z",
        "entry": [{"fullUrl": "urn:uuid:0a7e8a1c-2a58-4a0c-8f5d-1d2f3a4b5c6d", "resource": composition}],
    }
    stored = client.create(document)
    found = client.get("Bundle?composition=Composition/letter").json()["entry"]
    assert [one["resource"]["id"] for one in found] == [stored["id"]]
    assert client.get("Bundle?message=letter").json()["total"] == 0


def test_the_servers_own_definition_is_back_when_one_stored_in_its_place_is_gone(client: Client) -> None:
    own = client.get("OperationDefinition/docref").json()
    stored = {**own, "name": "Another"}
    assert client.put("OperationDefinition/docref", stored).status == 201
    assert client.get("OperationDefinition/docref").json()["name"] == "Another"
    assert client.delete("OperationDefinition/docref").status == 204
    assert client.get("OperationDefinition/docref").json() == own
    assert client.get("OperationDefinition/none").status == 404
