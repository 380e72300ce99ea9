"""References between the entries of a transaction: they become those of the stored resources."""

from tests.fhirserver.bundles import entry, identified, locations, observation, patient, transaction
from tests.fhirserver.client import Client


def test_references_between_entries_become_real_even_in_circles(client: Client) -> None:
    first = patient(link=[{"other": {"reference": "urn:uuid:b"}, "type": "seealso"}])
    second = patient(link=[{"other": {"reference": "urn:uuid:a"}, "type": "seealso"}])
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", first, "urn:uuid:a"),
            entry("POST", "Patient", second, "urn:uuid:b"),
            entry("POST", "Observation", observation("urn:uuid:a"), "urn:uuid:c"),
        ),
    )
    assert answered.status == 200, answered.body
    assert answered.json()["type"] == "transaction-response"
    a, b, c = locations(answered.json())
    assert client.get(a).json()["link"][0]["other"]["reference"] == b
    assert client.get(b).json()["link"][0]["other"]["reference"] == a
    assert client.get(c).json()["subject"]["reference"] == a


def test_only_addresses_and_links_become_real(client: Client) -> None:
    a, b = "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "urn:oid:1.2.3.4"
    links = f'<a href="{a}#x">a</a><img alt="b" src=\'{b}\'/> {a}'
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{links}</div>'},
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": a},
        "subject": {"reference": a},
        "content": [{"attachment": {"url": b, "title": a}}],
        "extension": [
            {"url": "urn:x", "valueUri": a},
            {"url": "urn:x", "valueCanonical": b},
            {"url": "urn:x", "valueString": a},
            {"url": "urn:x", "valueUuid": a},
        ],
    }
    plan = {"resourceType": "PlanDefinition", "status": "draft", "library": [b, "urn:oid:1.2.3.5"]}
    answered = client.post(
        "",
        transaction(
            entry("POST", "DocumentReference", document),
            entry("POST", "PlanDefinition", plan),
            entry("POST", "Patient", patient(), a),
            entry("POST", "Binary", {"resourceType": "Binary", "contentType": "text/plain"}, b),
        ),
    )
    first, second, person, data = locations(answered.json())
    stored = client.get(first).json()
    assert stored["masterIdentifier"]["value"] == a
    assert stored["subject"]["reference"] == person
    assert stored["content"] == [{"attachment": {"url": data, "title": a}}]
    assert [next(v for k, v in one.items() if k != "url") for one in stored["extension"]] == [person, b, a, a]
    made = f'<a href="{person}#x">a</a><img alt="b" src=\'{data}\'/> {a}'
    assert made in stored["text"]["div"]
    assert client.get(second).json()["library"] == [b, "urn:oid:1.2.3.5"]


def test_a_circle_of_updates_and_creates_is_stored_with_its_narrative_links(client: Client) -> None:
    div = '<div xmlns="http://www.w3.org/1999/xhtml"><a href="urn:uuid:b">b</a></div>'
    first = patient(
        text={"status": "generated", "div": div}, managingOrganization={"reference": "urn:uuid:b"}
    )
    second = {"resourceType": "Organization", "id": "own", "partOf": {"reference": "urn:uuid:c"}}
    third = {"resourceType": "Organization", "name": "c", "partOf": {"reference": "urn:uuid:b"}}
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", first, "urn:uuid:a"),
            entry("PUT", "Organization/own", second, "urn:uuid:b"),
            entry("POST", "Organization", third, "urn:uuid:c"),
        ),
    )
    assert answered.status == 200, answered.body
    a, b, c = locations(answered.json())
    assert b == "Organization/own"
    assert 'href="Organization/own"' in client.get(a).json()["text"]["div"]
    assert client.get(b).json()["partOf"]["reference"] == c
    assert client.get(c).json()["partOf"]["reference"] == b


def test_a_relative_reference_means_the_entry_of_the_same_base(client: Client) -> None:
    here, there = "https://one.example/fhir", "https://two.example/fhir"
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", patient(id="7", gender="male"), f"{here}/Patient/7"),
            entry("POST", "Patient", patient(id="7", gender="female"), f"{there}/Patient/7"),
            entry("POST", "Observation", observation("Patient/7"), f"{here}/Observation/1"),
            entry("POST", "Observation", observation("Patient/7"), f"{there}/Observation/1"),
            entry("POST", "Observation", observation("Patient/7"), "urn:uuid:o"),
        ),
    )
    assert answered.status == 200, answered.body
    first, second, *seen = locations(answered.json())
    subjects = [client.get(address).json()["subject"]["reference"] for address in seen]
    assert subjects == [first, second, "Patient/7"]


def test_a_reference_to_a_version_stays_one(client: Client) -> None:
    known, there = client.create(patient()), "https://one.example/fhir"
    named = [f"{there}/Patient/7/_history/4", "urn:uuid:new/_history/9", "urn:uuid:other/_history/1"]
    group = {"resourceType": "Group", "type": "person", "actual": True}
    group["member"] = [{"entity": {"reference": one}} for one in named]
    answered = client.post(
        "",
        transaction(
            entry("PUT", f"Patient/{known['id']}", {**patient(), "id": known["id"]}, f"{there}/Patient/7"),
            entry("POST", "Patient", patient(), "urn:uuid:new"),
            entry("POST", "Group", group),
        ),
    )
    assert answered.status == 200, answered.body
    first, second, holder = locations(answered.json())
    found = [one["entity"]["reference"] for one in client.get(holder).json()["member"]]
    assert found == [f"{first}/_history/2", f"{second}/_history/1", "urn:uuid:other/_history/1"]


def test_two_entries_with_one_full_url_are_refused(client: Client) -> None:
    twice = [entry("POST", "Patient", patient(), "urn:uuid:a") for _ in range(2)]
    refused = client.post("", transaction(*twice))
    assert refused.status == 400
    assert refused.json()["issue"][0]["expression"] == ["Bundle.entry[1].fullUrl"]


def test_what_a_transaction_deletes_is_gone_for_its_conditions(client: Client) -> None:
    known = client.create(identified("1"))
    answered = client.post(
        "",
        transaction(
            entry("POST", "Patient", identified("1"), ifNoneExist="identifier=1"),
            entry("POST", "Observation", observation("Patient?identifier=1")),
            entry("DELETE", f"Patient/{known['id']}"),
        ),
    )
    assert [one["response"]["status"][:3] for one in answered.json()["entry"]] == ["201", "201", "204"]
    found = client.get("Patient?identifier=1").json()
    assert found["total"] == 1
    address = f"Patient/{found['entry'][0]['resource']['id']}"
    assert address != f"Patient/{known['id']}"
    [seen] = client.get("Observation").json()["entry"]
    assert seen["resource"]["subject"]["reference"] == address
    again = transaction(
        entry("DELETE", "Patient?identifier=1"), entry("PUT", "Patient?identifier=1", identified("1"))
    )
    assert [one["response"]["status"][:3] for one in client.post("", again).json()["entry"]] == ["204", "201"]


def test_a_condition_may_name_what_the_same_transaction_stores(client: Client) -> None:
    client.create(identified("0"))
    answered = client.post(
        "",
        transaction(
            entry("POST", "Observation", observation("Patient?identifier=new")),
            entry("POST", "Patient", identified("new")),
            entry("PUT", "Patient/other", {**identified("other"), "id": "other"}),
        ),
    )
    assert answered.status == 200, answered.body
    seen, made, _ = locations(answered.json())
    assert client.get(seen).json()["subject"]["reference"] == made
    for second, status in ((identified("twin"), 412), (patient(gender="robot"), 412)):
        refused = transaction(
            entry("POST", "Observation", observation("Patient?identifier=twin")),
            entry("POST", "Patient", second),
            *([entry("POST", "Patient", identified("twin"))] if "identifier" in second else []),
        )
        assert client.post("", refused).status == status
    assert client.get("Patient").json()["total"] == 3
