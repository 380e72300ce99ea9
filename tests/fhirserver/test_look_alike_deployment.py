"""A second deployment that holds the same ids with other content, other links and other guides changes nothing in the answers of the first."""

from typing import Any

import pytest

from fhirserver import bulk
from fhirserver.access import FULL
from fhirserver.guides.install import check_writes, install
from fhirserver.guides.memory import Writes
from fhirserver.operations.export import Export, ExportRequest
from fhirserver.partitions import Partition, reserve
from fhirserver.reindex import reindex
from tests.fhirserver.client import Client
from tests.fhirserver.guides.packages import CLAN_PARAMETER, package

Json = dict[str, Any]
CODES, SET = "http://codes.example", "http://sets.example/some"


def hospital(names: tuple[str, str, str], turn: int, concepts: list[Json], picked: list[str]) -> list[Json]:
    """Three patients with all around them; `turn` says whose everything is."""

    def patient(number: int) -> str:
        return f"Patient/{'abc'[(number + turn) % 3]}"

    def refers(number: int) -> Json:
        return {"reference": patient(number)}

    observations: list[Json] = [
        {
            "resourceType": "Observation", "id": f"o{number}", "status": ("final", "amended")[(number + turn) % 2],
            "code": {"coding": [{"system": CODES, "code": ("x", "y", "z")[(number + turn) % 3]}]}, "subject": refers(number),
            "effectiveDateTime": f"20{10 + (number * (turn + 1)) % 7}-01-01", "valueQuantity": {"value": number + 10 * turn, "unit": "mg"},
            "text": {"status": "generated", "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{names[number % 3]} was seen</div>'},
        }
        for number in range(9)
    ]  # fmt: skip
    patients: list[Json] = [
        {
            "resourceType": "Patient", "id": one, "name": [{"family": names[at]}], "gender": ("male", "female", "other")[(at + turn) % 3],
            "identifier": [{"system": "urn:mrn", "value": str((at + turn) % 3)}], "birthDate": f"19{40 + at + 10 * turn}-01-01",
            "generalPractitioner": [{"reference": f"Practitioner/{'de'[(at + turn) % 2]}"}], "meta": {"tag": [{"code": names[at]}]},
        }
        for at, one in enumerate("abc")
    ]  # fmt: skip
    return [
        *patients, *observations,
        {"resourceType": "Practitioner", "id": "d", "name": [{"family": names[0]}]},
        {"resourceType": "Practitioner", "id": "e", "name": [{"family": names[1]}]},
        {"resourceType": "Provenance", "id": "p", "recorded": "2020-01-01T00:00:00Z", "target": [refers(0)],
         "agent": [{"who": {"reference": "Practitioner/d"}}]},
        {"resourceType": "Person", "id": "n", "link": [{"target": refers(1)}]},
        {"resourceType": "Group", "id": "g", "type": "person", "actual": True, "member": [{"entity": refers(2)}]},
        {"resourceType": "List", "id": "l", "status": "current", "mode": "working", "entry": [{"item": refers(0)}]},
        {"resourceType": "CodeSystem", "id": "cs", "url": CODES, "status": "active", "content": "complete", "concept": concepts},
        {"resourceType": "ValueSet", "id": "vs", "url": SET, "status": "active",
         "compose": {"include": [{"system": CODES, "concept": [{"code": code} for code in picked]}]}},
    ]  # fmt: skip


OWN = hospital(
    ("Adams", "Baker", "Clark"), 0, [{"code": "x", "concept": [{"code": "y"}]}, {"code": "z"}], ["x", "y"]
)
OTHER = hospital(
    ("Baker", "Clark", "Adams"), 1, [{"code": "x", "concept": [{"code": "z"}]}, {"code": "y"}], ["z"]
)
BEYOND: list[Json] = [
    {"resourceType": "Patient", "id": "more", "name": [{"family": "Adams"}], "link": [{"other": {"reference": "Patient/a"}, "type": "refer"}]},
    {"resourceType": "Encounter", "id": "more", "status": "planned", "class": {"code": "AMB"}, "subject": {"reference": "Patient/a"}},
    {"resourceType": "Group", "id": "more", "type": "person", "actual": True, "member": [{"entity": {"reference": "Patient/a"}}]},
]  # fmt: skip
CLAN = "https://guides.example.org/StructureDefinition/clan"

ADDRESSES = (
    "Patient", "Patient?name=adams", "Patient?name:contains=ak&_sort=-family", "Patient?gender=male,other", "Patient?gender:not=male",
    "Patient?birthdate=gt1945", "Patient?identifier=urn:mrn|1", "Patient?_tag=Baker", "Patient?_id=a,b,more", "Patient?_list=l",
    "Patient?general-practitioner.name=adams", "Patient?general-practitioner:Practitioner.name=baker", "Patient?_sort=birthdate",
    "Patient?_has:Observation:patient:code=x", "Patient?_has:Observation:patient:date=lt2012", "Patient?_has:Person:link:_id=n",
    "Patient?_has:Provenance:target:_id=p", "Patient?_has:Group:member:_id=g", "Patient?_has:Encounter:patient:status=planned",
    "Patient?_filter=name eq adams or general-practitioner.name eq baker", "Patient?_filter=not (gender eq male)",
    "Patient?_filter=_has:Observation:patient:status eq amended", "Patient?_summary=count", "Patient?_total=accurate&_count=1",
    "Patient?_include=*", "Patient?_revinclude=*", "Patient?_include=Patient:general-practitioner", "Patient?_revinclude=Provenance:target",
    "Patient?_revinclude=Observation:patient&_include:iterate=Observation:subject", "Patient?_revinclude:iterate=Group:member",
    "Observation?_count=2", "Observation?_count=2&_sort=-date", "Observation?code:in=http://sets.example/some", "Observation?code:below=http://codes.example|x",
    f"Observation?code:not-in={SET}", "Observation?patient=a", "Observation?patient.name=clark", "Observation?subject:identifier=urn:mrn|1",
    "Observation?value-quantity=gt4", "Observation?code-value-quantity=x$lt5", "Observation?_text=adams", "Observation?_content=baker",
    "Observation?patient._content=clark", "Observation?_lastUpdated=gt2000&_sort=_lastUpdated", "?_type=Patient,Group&_sort=_id", "Patient/a/*",
    "Patient/a/Observation", "Patient/b/Observation?_include=*", "Practitioner/d/Patient", "Patient/a/$everything", "Patient/b/$everything?_count=2",
    "Person/n/$everything", "Patient/a/_history", "Patient/_history", "_history?_count=5", "Patient/a/_history/1", "Patient/more", "Encounter/more",
    "ValueSet/vs/$expand", f"ValueSet/$expand?url={SET}", f"ValueSet/$validate-code?url={SET}&system={CODES}&code=z",
    f"CodeSystem/$lookup?system={CODES}&code=y", f"CodeSystem/$subsumes?system={CODES}&codeA=x&codeB=z", "Patient/a/$meta", "Patient/$meta", "$meta",
    "Patient?clan=fox", f"StructureDefinition?url={CLAN}", "Patient/a/$validate", f"Patient/a/$validate?profile={CLAN}",
)  # fmt: skip


def _entry(method: str, url: str, resource: Json | None = None, **more: str) -> Json:
    return {"request": {"method": method, "url": url, **more}, **({"resource": resource} if resource else {})}


OBSERVED: Json = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
BATCH = [_entry("GET", one) for one in ADDRESSES[:20]]
CONDITIONAL = [
    _entry("POST", "Patient", {"resourceType": "Patient"}, ifNoneExist="name=adams"),
    _entry("PUT", "Patient?identifier=urn:mrn|1", {"resourceType": "Patient"}),
    _entry("DELETE", "Observation?code=z&patient=a"),
    _entry("POST", "Observation", {**OBSERVED, "subject": {"reference": "Patient?name=clark"}}),
]


@pytest.fixture
def partition(region: str) -> Partition:
    made = reserve(region)
    bulk.load(made, OWN)
    return made


@pytest.fixture
def client(partition: Partition) -> Client:
    """Without the usual look-alikes: here they come while the test looks."""
    return Client(partition)


def _fill_neighbour(region: str) -> Client:
    neighbour = Client(reserve(region))
    bulk.load(neighbour.partition, [*OTHER, *BEYOND])
    neighbour.put("Patient/a", {**OTHER[0], "active": True})
    neighbour.delete("Patient/b")
    profile = {
        "resourceType": "StructureDefinition", "id": "clan", "url": CLAN, "name": "Clan", "status": "active", "kind": "resource",
        "abstract": False, "type": "Patient", "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient", "derivation": "constraint",
        "differential": {"element": [{"id": "Patient.name", "path": "Patient.name", "max": "0"}]},
    }  # fmt: skip
    install(neighbour.partition, package([CLAN_PARAMETER, profile]))
    check_writes(neighbour.partition, Writes.ENFORCED)
    reindex(neighbour.partition, settle=0)
    return neighbour


def _plain(answered: Any) -> str:
    """The answer without the time at which it was given."""
    told = {key: value for key, value in answered.json().items() if key not in ("date", "timestamp", "id")}
    for name in ("timestamp", "identifier"):
        told.get("expansion", {}).pop(name, None)
    return str(told)


def _told(client: Client) -> dict[str, str]:
    told = {one: f"{(got := client.get(one)).status} {_plain(got)}" for one in ADDRESSES}
    told["metadata"] = _plain(client.get("metadata"))
    batch = {"resourceType": "Bundle", "type": "batch", "entry": BATCH}
    told["batch"] = _plain(client.post("", batch))
    for level in ("system", "patient", "group"):
        asked = ExportRequest(
            level=level, group="g", type_filters={"Observation": ["patient.name=adams,baker,clark"]}
        )
        export = Export(client.partition, FULL, asked)
        told[f"export {level}"] = str([sorted(export.lines(name)) for name in export.types()])
    return told


def test_a_look_alike_changes_no_answer(client: Client) -> None:
    before = _told(client)
    neighbour = _told(_fill_neighbour(client.partition.region))
    after = _told(client)
    assert {name: after[name] for name in after if after[name] != before[name]} == {}
    # What strays over would be seen: the neighbour answers nearly everything otherwise.
    alike = [name for name in before if before[name] == neighbour[name]]
    assert len(alike) < len(before) // 10, alike


def test_a_look_alike_changes_no_write(client: Client) -> None:
    """What conditions match, what is refused, and what is written is the same with a neighbour as without."""

    def written(made: Client) -> list[str]:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": CONDITIONAL}
        statuses = [one["response"]["status"] for one in made.post("", bundle).json()["entry"]]
        statuses += [
            str(made.put("Patient/c", {"resourceType": "Patient", "id": "c", "name": [{"text": "x"}]}).status)
        ]
        counted = (
            made.get("Observation?_summary=count").json()["total"],
            made.get("Patient?_summary=count").json()["total"],
        )
        return [*statuses, str(counted), *sorted(_subjects(made))]

    alone = written(client)
    neighbour = _fill_neighbour(client.partition.region)
    held = {one: neighbour.get(one).body for one in ("Patient/a", "Patient/c", "Observation?_sort=_id")}
    beside = reserve(client.partition.region)
    bulk.load(beside, OWN)
    assert written(Client(beside)) == alone
    assert {one: neighbour.get(one).body for one in held} == held


def _subjects(client: Client) -> list[str]:
    found = client.get("Observation?_count=100").json()["entry"]
    return [one["resource"]["subject"]["reference"] for one in found]


def test_a_link_of_one_deployment_leads_nowhere_in_another(client: Client) -> None:
    neighbour = _fill_neighbour(client.partition.region)
    for address in ("Observation?_count=2", "Observation?_count=2&_sort=date"):
        links = client.get(address).json()["link"]
        following = next(link["url"] for link in links if link["relation"] == "next")
        assert client.get(following).status == 200
        assert neighbour.get(following).status == 400
