"""What a patient's record refers to: who cared, where, for whom and with which medicine. A caller confined to the record may read it too.

https://hl7.org/fhir/smart-app-launch/scopes-and-launch-context.html, docs/adr/0020. Only types that tell of no patient, and of these only
what the record, or one of these, names.
"""

from fhirserver.access import READ_INTERACTIONS, AccessGrant
from fhirserver.connection import fetch, looked_up, numbers_of
from fhirserver.indexing.extract import PATIENT
from fhirserver.indexing.keys import compartment_key
from fhirserver.partitions import Partition

DIRECTORY = (
    "HealthcareService", "Location", "Medication", "Organization", "Practitioner", "PractitionerRole",
)  # fmt: skip
MAX_STEPS = 4
"""From a role to its practitioner, from a ward to its hospital and the trust above it."""
_NAMED = ", ".join(f"'{one}'" for one in DIRECTORY)


def patients_reading(grant: AccessGrant, resource_type: str, interaction: str) -> list[str]:
    """The patients along with whose records the grant lets the type be read; a permission with a search of its own is for what it finds."""
    if resource_type not in DIRECTORY or interaction not in READ_INTERACTIONS:
        return []
    compartments = [
        one.compartment
        for one in grant.for_interaction(resource_type, interaction)
        if one.compartment is not None and one.restriction is None
    ]
    return [logical_id for kind, logical_id in compartments if kind == PATIENT]


def reached(partition: Partition, patient: str) -> frozenset[int]:
    """The rids of what the record refers to, directly and over one another."""
    start = "(SELECT p.rid AS value FROM fhir_posting p WHERE p.partition = %s AND p.key = %s) own"
    found = _step(partition, start, [partition.number, compartment_key(PATIENT, patient)])
    new = found
    for _ in range(MAX_STEPS):
        if not new:
            break
        source, listed = numbers_of(partition.region, "own", new)
        new = _step(partition, source, [listed]) - found
        found |= new
    return found


def _step(partition: Partition, source: str, values: list[int | str]) -> frozenset[int]:
    region = partition.region
    targets = looked_up(region, source, "fhir_reference", "target", "f.partition = %s AND f.rid = own.value")
    tests = f"f.partition = %s AND f.rid = t.target AND f.type IN ({_NAMED}) AND f.method <> 'DELETE'"
    kept = looked_up(region, f"(SELECT DISTINCT f.target {targets}) t", "fhir_resource", "rid", tests)
    rows = fetch(region, f"SELECT f.rid {kept}", [*values, partition.number, partition.number])
    return frozenset(row[0] for row in rows)


class Record:
    """What the records that a grant is confined to refer to; looked up when it is asked for, and once."""

    __slots__ = ("_grant", "_known", "_partition")

    def __init__(self, partition: Partition, grant: AccessGrant) -> None:
        self._partition, self._grant = partition, grant
        self._known: dict[str, frozenset[int]] = {}

    def reaches(self, resource_type: str, interaction: str, rid: int) -> bool:
        return any(
            rid in self._reached(patient)
            for patient in patients_reading(self._grant, resource_type, interaction)
        )

    def _reached(self, patient: str) -> frozenset[int]:
        if patient not in self._known:
            self._known[patient] = reached(self._partition, patient)
        return self._known[patient]
