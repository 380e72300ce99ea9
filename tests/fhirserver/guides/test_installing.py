import pytest

from fhirserver.clearing import clear, drop
from fhirserver.guides.install import install, missing_dependencies, uninstall
from fhirserver.guides.memory import guides_of
from fhirserver.partitions import Partition, count_resources, reserve
from fhirspec.package import PackageProblem
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import CANONICAL, CLAN_PARAMETER, package, search_parameter

CODES = {
    "resourceType": "CodeSystem",
    "id": "clans",
    "url": f"{CANONICAL}/CodeSystem/clans",
    "version": "1.0.0",
    "status": "active",
    "content": "complete",
    "concept": [{"code": "fox"}, {"code": "owl"}],
}


def test_a_guides_resources_are_read_and_found_like_any_other(client: Client) -> None:
    guide = install(client.partition, package([CODES, CLAN_PARAMETER]))
    assert (guide.name, guide.version, guide.count("CodeSystem")) == ("org.example.clans", "1.0.0", 1)
    assert client.get("CodeSystem/clans").json()["concept"] == CODES["concept"]
    assert client.get(f"CodeSystem?url={CANONICAL}/CodeSystem/clans").json()["total"] == 1
    looked_up = client.get(f"CodeSystem/$lookup?system={CANONICAL}/CodeSystem/clans&code=fox")
    assert looked_up.status == 200


def test_another_partition_sees_nothing_of_a_guide(client: Client, region: str) -> None:
    install(client.partition, package([CODES, CLAN_PARAMETER]))
    other = Client(reserve(region))
    assert other.get("CodeSystem/clans").status == 404
    assert other.get("Patient?clan=fox", prefer="handling=strict").status == 400


def test_what_a_guide_brought_changes_with_the_guide_only(client: Client) -> None:
    install(client.partition, package([CODES]))
    refused = client.put("CodeSystem/clans", {**CODES, "status": "retired"})
    assert refused.status == 409
    assert "org.example.clans" in refused.json()["issue"][0]["diagnostics"]
    assert client.delete("CodeSystem/clans").status == 409
    assert client.get("CodeSystem/clans").json()["status"] == "active"


def test_installing_again_makes_no_new_versions(client: Client) -> None:
    for _ in range(2):
        install(client.partition, package([CODES, CLAN_PARAMETER]))
    assert client.get("CodeSystem/clans").json()["meta"]["versionId"] == "1"
    assert [one.name for one in guides_of(client.partition).installed] == ["org.example.clans"]


def test_another_version_takes_the_place_of_the_first(client: Client) -> None:
    install(client.partition, package([CODES, CLAN_PARAMETER]))
    newer = {**CODES, "version": "2.0.0"}
    install(client.partition, package([newer], version="2.0.0"))
    assert [one.version for one in guides_of(client.partition).installed] == ["2.0.0"]
    assert client.get("CodeSystem/clans").json()["version"] == "2.0.0"
    assert client.get("SearchParameter/patient-clan").status == 410


def test_a_removed_guide_leaves_nothing_behind(client: Client) -> None:
    install(client.partition, package([CODES, CLAN_PARAMETER]))
    for _ in range(2):
        uninstall(client.partition, "org.example.clans")
    assert client.get("CodeSystem/clans").status == 410
    assert guides_of(client.partition).installed == ()
    assert count_resources(client.partition) == 0
    install(client.partition, package([CODES]))
    assert client.get("CodeSystem/clans").status == 200


def test_guides_outlive_the_data(client: Client) -> None:
    install(client.partition, package([CODES]))
    client.create({"resourceType": "Patient"})
    clear(client.partition)
    assert client.get("CodeSystem/clans").status == 200
    assert client.get("Patient").json()["total"] == 0


def test_a_dropped_partition_has_no_guides(partition: Partition) -> None:
    install(partition, package([CODES]))
    drop(partition)
    assert guides_of(partition).installed == ()


def test_a_resource_of_somebody_else_is_never_replaced(client: Client) -> None:
    client.put("CodeSystem/clans", {**CODES, "url": "https://other.example.org/clans"})
    with pytest.raises(PackageProblem, match="CodeSystem/clans is already stored"):
        install(client.partition, package([CODES]))
    install(client.partition, package([{**CODES, "id": "free"}]))
    with pytest.raises(PackageProblem, match="already here with the guide"):
        install(client.partition, package([{**CODES, "id": "free"}], name="org.example.others"))


def test_what_is_not_valid_is_left_out_by_name(client: Client) -> None:
    guide = install(
        client.partition, package([CODES, {**CODES, "id": "bad", "url": "urn:bad", "status": "?"}])
    )
    assert [one.name for one in guide.left_out] == ["CodeSystem urn:bad"]
    assert "CodeSystem.status" in guide.left_out[0].reason
    assert client.get("CodeSystem/bad").status == 404


def test_packages_that_are_missing_are_named(client: Client) -> None:
    needs = {"hl7.fhir.r4.core": "4.0.1", "hl7.terminology.r4": "5.0.0", "org.example.clans": "1.0.0"}
    install(client.partition, package([CODES]))
    guide = install(client.partition, package([CLAN_PARAMETER], name="org.example.more", dependencies=needs))
    assert missing_dependencies(guide, guides_of(client.partition)) == {"hl7.terminology.r4": "5.0.0"}


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        (search_parameter("odd", "Patient", "token", "Patient.name.trace('x')"), "trace"),
        (search_parameter("birthdate", "Patient", "token", "Patient.gender"), "is a date"),
        (search_parameter("patient", "Observation", "reference", "Observation.performer"), "through others"),
        (search_parameter("words", "Patient", "special", ""), "in its text"),
        (search_parameter("all", "Resource", "token", "Resource.language"), "single types"),
    ],
)
def test_a_parameter_that_cannot_be_searched_is_named_with_the_reason(
    client: Client, parameter: dict[str, object], reason: str
) -> None:
    kept = {key: value for key, value in parameter.items() if value != ""}
    guide = install(client.partition, package([kept]))
    assert guide.parameters == ()
    assert reason in guide.left_out[0].reason
