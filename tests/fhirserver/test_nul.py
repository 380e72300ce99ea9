"""The character NUL, wherever a client can write it: refused with the name of the place, never a fault of the database."""

import pytest

from fhirserver.access import FULL
from fhirserver.connection import fetch
from fhirserver.operations.export import ExportRequest, require_possible
from fhirserver.outcomes import BadRequest
from fhirspec.catalogue import get_catalogue
from tests.fhirserver.client import Answered, Client

NUL = "%00"
PARAMETERS = {
    "string": ("Patient?name", "Patient?name:exact", "Patient?name:contains"),
    "token": ("Patient?identifier", "Patient?identifier:not", "Patient?identifier:of-type", "Observation?code:text", "Observation?code:in"),
    "date": ("Patient?birthdate", "Patient?_lastUpdated"),
    "number": ("RiskAssessment?probability",),
    "quantity": ("Observation?value-quantity",),
    "reference": ("Observation?subject", "Observation?subject:Patient", "Observation?subject:identifier"),
    "uri": ("ValueSet?url", "ValueSet?url:below", "ValueSet?url:above"),
    "composite": ("Observation?code-value-quantity", "Observation?code-value-string"),
    "special": ("Location?near", "Patient?_filter", "Patient?_text", "Patient?_content", "Patient?_list", "Patient?_query"),
    "chain": ("Observation?subject.name", "Observation?subject:Patient.identifier", "Patient?_has:Observation:subject:code"),
    "missing": ("Patient?name:missing", "Patient?identifier:missing"),
    "control": tuple(
        f"Patient?{name}"
        for name in ("_sort", "_count", "_include", "_revinclude", "_total", "_cursor", "_elements", "_summary", "_contained", "_format", "_pretty")
    ),
    "system": ("?_type", "?_id", "?_tag", "?_profile", "_history?_since", "Patient/_history?_at", "Patient/a/_history?_count"),
    "operation": (
        "Patient/a/$everything?_type", "ValueSet/$expand?url", "CodeSystem/$lookup?code", "ValueSet/$validate-code?code",
        "CodeSystem/$subsumes?codeA", "DocumentReference/$docref?patient", "Patient/a/$validate?profile", "$meta?x",
    ),
}  # fmt: skip
VALUES = (NUL, f"a{NUL}", f"{NUL}z", f"http://a.example/{NUL}|b$ge1")
PATHS = (
    f"Pat{NUL}ient", f"Patient/{NUL}", f"Patient/a{NUL}b", f"Patient/a/_history/1{NUL}", f"Patient/a{NUL}/Observation",
    f"Patient/$validate{NUL}", f"meta{NUL}data", NUL,
)  # fmt: skip
HEADERS = ("accept", "content_type", "if_match", "if_none_match", "if_none_exist", "if_modified_since", "prefer", "accept_encoding")  # fmt: skip


def is_told(answered: Answered) -> bool:
    """400, and an outcome that shows the character instead of holding it."""
    (issue,) = answered.json()["issue"]
    return answered.status == 400 and "NUL" in issue["diagnostics"] and b"\\u0000" not in answered.body


def test_the_table_names_every_type_of_parameter() -> None:
    catalogue = get_catalogue()
    used = {
        one.type for name in catalogue.resource_types for one in catalogue.search_parameters(name).values()
    }
    assert used <= PARAMETERS.keys()


@pytest.mark.parametrize("kind", PARAMETERS)
def test_no_parameter_takes_it(client: Client, kind: str) -> None:
    for asked in PARAMETERS[kind]:
        for value in VALUES:
            # The client of these tests decodes the query as a server's front does.
            assert is_told(client.get(f"{asked}={value}")), (asked, value)
        assert is_told(client.get(f"{asked}{NUL}=a")), asked


@pytest.mark.parametrize("kind", PARAMETERS)
def test_no_form_takes_it(client: Client, kind: str) -> None:
    for asked in PARAMETERS[kind]:
        path, _, name = asked.partition("?")
        if "$" in path or "_history" in path:
            continue
        form = f"{name}=a{NUL}b".encode()
        sent = client.post(f"{path}/_search", form, content_type="application/x-www-form-urlencoded")
        assert is_told(sent), asked


def test_no_condition_takes_it(client: Client) -> None:
    patient = {"resourceType": "Patient"}
    assert is_told(client.post("Patient", patient, if_none_exist=f"identifier=a{NUL}"))
    for method in ("PUT", "PATCH", "DELETE"):
        assert is_told(client.request(method, f"Patient?identifier=a{NUL}", patient))
    typed = ExportRequest(types=("Patient",), type_filters={"Patient": [f"name=a{NUL}"]})
    with pytest.raises(BadRequest, match="NUL"):
        require_possible(client.partition, FULL, typed)


@pytest.mark.parametrize("kind", ["batch", "transaction"])
def test_no_entry_of_a_bundle_takes_it(client: Client, kind: str) -> None:
    refers = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
    for method, url, more in (
        ("GET", f"Patient?name=a{NUL}", {}),
        ("DELETE", f"Patient?name=a{NUL}", {}),
        ("PUT", f"Patient?identifier=a{NUL}", {}),
        ("POST", "Patient", {"ifNoneExist": f"identifier=a{NUL}"}),
        ("PUT", "Patient/a\x00", {}),
        ("POST", "Observation", {"subject": f"Patient?identifier=a{NUL}"}),
    ):  # fmt: skip
        if kind == "batch" and "subject" in more:
            continue  # only a transaction resolves conditional references
        resource = {**refers, "subject": {"reference": more.pop("subject")}} if "subject" in more else {"resourceType": "Patient"}  # fmt: skip
        entry = {"request": {"method": method, "url": url, **more}, "resource": resource}
        answered = client.post("", {"resourceType": "Bundle", "type": kind, "entry": [entry]})
        if kind == "transaction":
            assert is_told(answered), (method, url)
            continue
        told = answered.json()["entry"][0]["response"]
        assert told["status"].startswith("400"), (method, url)
        assert "NUL" in told["outcome"]["issue"][0]["diagnostics"]


@pytest.mark.parametrize("path", PATHS)
def test_no_path_takes_it(client: Client, path: str) -> None:
    path = path.replace(NUL, "\x00")
    for method in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"):
        answered = client.request(method, path, {"resourceType": "Patient"})
        assert answered.status == 400 if method == "HEAD" else is_told(answered)


@pytest.mark.parametrize("name", HEADERS)
def test_no_header_takes_it(client: Client, name: str) -> None:
    known = client.create({"resourceType": "Patient"})
    assert client.get(f"Patient/{known['id']}", **{name: "a\x00b"}).status in (400, 406)
    assert client.put(f"Patient/{known['id']}", known, **{name: "a\x00b"}).status in (400, 406)


def test_no_body_takes_it(client: Client) -> None:
    known = client.create({"resourceType": "Patient"})
    address = f"Patient/{known['id']}"
    invalid = client.put(address, {**known, "name": [{"family": "a\x00b"}]})
    assert (invalid.status, invalid.json()["issue"][0]["expression"]) == (422, ["Patient.name[0].family"])
    tag = {"name": "meta", "valueMeta": {"tag": [{"system": "http://a.example", "code": "a\x00"}]}}
    assert (
        client.post(f"{address}/$meta-add", {"resourceType": "Parameters", "parameter": [tag]}).status == 422
    )
    for operation, name in (
        ("ValueSet/$expand", "url"),
        ("CodeSystem/$lookup", "code"),
        ("ValueSet/$validate-code", "system"),
    ):
        asked = {"resourceType": "Parameters", "parameter": [{"name": name, "valueUri": "http://a\x00"}]}
        answered = client.post(operation, asked)
        (issue,) = answered.json()["issue"]
        assert (answered.status, issue["expression"]) == (422, ["Parameters.parameter[0].value"]), operation
        assert "\x00" not in issue["diagnostics"]
    patch = [{"op": "add", "path": "/gender", "value": "a\x00"}]
    assert client.request("PATCH", address, patch, content_type="application/json-patch+json").status == 422


@pytest.mark.postgres
@pytest.mark.django_db(databases=["region_pg"])
def test_what_comes_as_far_as_postgresql_is_still_told() -> None:
    with pytest.raises(BadRequest, match="NUL"):
        fetch("region_pg", "SELECT %s::text", ["a\x00b"])
    assert fetch("region_pg", "SELECT 1") == [(1,)]
