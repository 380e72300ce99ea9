"""Browsing the stored records: tables, pages with references as links, two versions side by side; all of it in the log."""

import re

import pytest
from django.test import Client

from deployments.models import Deployment
from explorer.records import side_by_side
from fhirserver import bulk
from fhirserver.partitions import Partition
from gateway.inbound import MEMBER
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import Membership, Role, User
from tests.explorer.conftest import SignIn

pytestmark = pytest.mark.django_db(databases=["default", "region_local"])


@pytest.fixture
def records(deployment: Deployment) -> str:
    assert deployment.partition is not None
    partition = Partition(deployment.region.database, deployment.partition)
    patients = [
        {"resourceType": "Patient", "id": f"p{n}", "name": [{"family": f"<b>{n}"}]} for n in range(45)
    ]
    weight = {
        "resourceType": "Observation",
        "id": "weight",
        "status": "preliminary",
        "code": {"text": "Weight"},
        "subject": {"reference": "Patient/p7"},
    }
    bulk.load(partition, [*patients, weight])
    bulk.load(partition, [weight | {"status": "final"}])
    recorder.forget()
    return f"/deployments/{deployment.pk}/data/records/"


@pytest.fixture
def alices(sign_in: SignIn, alice: User) -> Client:
    return sign_in(alice)


def test_every_record_is_on_one_page_of_the_table(records: str, alices: Client) -> None:
    address, seen = f"{records}Patient/", []
    for _ in range(4):
        page = alices.get(address)
        seen += [row.logical_id for row in page.context["table"].rows]
        onward = dict(page.context["table"].links).get("next")
        if not onward:
            break
        address = onward
    assert sorted(seen) == sorted(f"p{n}" for n in range(45))
    assert "&lt;b&gt;" in page.content.decode()


def test_a_search_narrows_the_table_and_a_wrong_one_says_why(records: str, alices: Client) -> None:
    found = alices.get(f"{records}Observation/", {"query": "subject=Patient/p7&status=final"})
    assert [row.logical_id for row in found.context["table"].rows] == ["weight"]
    none = alices.get(f"{records}Observation/", {"query": "status=preliminary"})
    assert "No record fits" in none.content.decode()
    wrong = alices.get(f"{records}Observation/", {"query": "date=yesterday"})
    assert wrong.status_code == 200
    assert "yesterday" in wrong.context["told"].fault


def test_references_lead_to_their_records(records: str, alices: Client) -> None:
    table = alices.get(f"{records}Observation/").content.decode()
    assert f'href="{records}Patient/p7/"' in table
    record = alices.get(f"{records}Observation/weight/").content.decode()
    assert f'href="{records}Patient/p7/"' in record


def test_two_versions_stand_side_by_side(records: str, alices: Client) -> None:
    page = alices.get(f"{records}Observation/weight/", {"left": "1", "right": "2"})
    changed = [
        (pair.left.strip(), pair.right.strip()) for pair in page.context["pairs"] if pair.kind != "same"
    ]
    assert changed == [('"status": "preliminary",', '"status": "final",')]
    assert re.search(r"<del>[^<]*preliminary", page.content.decode())


def test_what_is_longer_on_one_side_leaves_the_other_empty() -> None:
    pairs = side_by_side({"a": 1}, {"a": 1, "b": [1, 2]})
    assert {pair.kind for pair in pairs} >= {"same", "added"}
    assert all(not pair.left for pair in pairs if pair.kind == "added")
    assert side_by_side({}, {})[0].kind == "same"


def test_nothing_is_found_where_nothing_is(records: str, alices: Client) -> None:
    assert alices.get(f"{records}Patient/nobody/").status_code == 404
    assert alices.get(f"{records}Patience/").status_code == 404
    assert alices.get(f"{records}Patient/a%20b/").status_code == 404


def test_each_look_is_in_the_log_with_the_members_name(records: str, alices: Client, alice: User) -> None:
    alices.get(f"{records}Patient/p3/")
    recorder.flush()
    line = RequestLog.objects.get(interaction="read")
    assert (line.credential_kind, line.credential, line.patient) == ("member", alice.email, "p3")


def test_only_members_who_may_write_look_at_records(
    records: str, sign_in: SignIn, bob: User, charlie: User, deployment: Deployment
) -> None:
    assert sign_in(charlie).get(f"{records}Patient/").status_code == 404
    Membership.objects.filter(tenant=deployment.tenant, user=bob).update(role=Role.READ)
    assert sign_in(bob).get(f"{records}Patient/p1/").status_code == 403
    Membership.objects.filter(tenant=deployment.tenant, user=bob).update(role=Role.WRITE)
    assert sign_in(bob).get(f"{records}Patient/p1/").status_code == 200


def test_no_client_can_say_that_it_is_a_member(records: str, client: Client, deployment: Deployment) -> None:
    """What a client sends becomes HTTP_…; the mark holds an object that no header can be."""
    base = f"/fhir/{deployment.pk}/r4/Patient"
    for headers in ({"fireside.member": "alice@example.org"}, {MEMBER: "alice@example.org"}):
        assert client.get(base, headers=headers).status_code == 401
    assert client.get(base, **{MEMBER: "alice@example.org"}).status_code == 401  # type: ignore[arg-type]
