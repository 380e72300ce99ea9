"""Reading the deployment's own data for the pages here: patients to choose from, their visits, and who a user is."""

import json
import re
from dataclasses import dataclass, field
from typing import Any

from credentials.models import ServerUser
from deployments.models import Deployment
from fhirserver import engine
from fhirserver.access import READ_ONLY
from fhirserver.http import FhirRequest
from fhirserver.partitions import Partition
from smart.addresses import fhir_base
from smart.external import logical_id

MOST = 20
_LOGICAL_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_PATIENT = re.compile(r"Patient/([A-Za-z0-9.-]{1,64})")
LINKABLE = ("Patient", "Practitioner", "RelatedPerson", "Person")


@dataclass(frozen=True, slots=True)
class Choice:
    """One resource to choose. `title` names it to a person, `detail` tells it from its namesakes."""

    reference: str
    title: str
    detail: str = ""

    @property
    def logical_id(self) -> str:
        return self.reference.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class PatientChoices:
    """`open`: the user may choose any patient, by search or by id; else only one of `found`."""

    found: list[Choice] = field(default_factory=list)
    open: bool = False

    @property
    def only(self) -> Choice | None:
        return self.found[0] if not self.open and len(self.found) == 1 else None


def patients_for(user: ServerUser, deployment: Deployment, words: str) -> PatientChoices:
    """Patients see themselves, representatives those they are linked to, practitioners all; others nobody."""
    resource_type, _, _ = user.fhir_user.partition("/")
    if resource_type == "Practitioner":
        return PatientChoices(search_people(deployment, "Patient", words), open=True)
    if resource_type == "Patient":
        return PatientChoices(_known(deployment, [user.fhir_user]))
    represented = represented_patients(deployment, user.fhir_user)
    return PatientChoices(_known(deployment, [f"Patient/{patient}" for patient in represented]))


def represented_patients(deployment: Deployment, fhir_user: str) -> tuple[str, ...]:
    """Logical ids of the patients whom a RelatedPerson (`patient`) or a Person (`link`) of the deployment stands for."""
    resource_type, _, _ = fhir_user.partition("/")
    resource = read(deployment, fhir_user) if resource_type in ("RelatedPerson", "Person") else None
    if resource is None or resource.get("active") is False:
        return ()
    named = [resource.get("patient", {})] if resource_type == "RelatedPerson" else []
    named += [link.get("target", {}) for link in resource.get("link", [])]
    # A patient of another server of the same id is somebody else.
    local = [target.get("reference", "").removeprefix(f"{fhir_base(deployment.pk)}/") for target in named]
    return tuple(dict.fromkeys(found[1] for text in local if (found := _PATIENT.fullmatch(text))))


def read_choice(
    text: str, choices: PatientChoices, user: ServerUser, deployment: Deployment
) -> Choice | None:
    """The patient that a form names, if the user may choose it."""
    for choice in choices.found:
        if choice.logical_id == text:
            return choice
    if not choices.open:
        return None
    found = _known(deployment, [f"Patient/{text}"]) if logical_id(text, "Patient") == text else []
    return found[0] if found else None


def encounters_of(patient: str, deployment: Deployment) -> list[Choice]:
    """The latest visits of a patient."""
    found = search(deployment, "Encounter", [("patient", patient), ("_sort", "-date"), ("_count", str(MOST))])
    return [_encounter(resource) for resource in found]


def is_encounter_of(encounter: str, patient: str, deployment: Deployment) -> bool:
    """Where the data is elsewhere, it cannot be known and is believed."""
    query = [("patient", patient), ("_id", encounter)]
    return bool(deployment.upstream or search(deployment, "Encounter", query))


def search_people(deployment: Deployment, resource_type: str, words: str) -> list[Choice]:
    """By parts of the name, or by the logical id."""
    if resource_type not in LINKABLE:
        return []
    query = [("name", word) for word in words.split()[:4]]
    found = search(deployment, resource_type, [*query, ("_count", str(MOST))])
    exact = read(deployment, f"{resource_type}/{words}") if _LOGICAL_ID.fullmatch(words) else None
    if exact is not None:
        found = [exact, *found]
    return [_person(resource) for resource in found]


def read(deployment: Deployment, reference: str) -> dict[str, Any] | None:
    """One resource by `Type/id`; None when there is none."""
    resource = _ask(deployment, reference.strip("/"), [])
    return resource if resource and resource.get("resourceType") == reference.partition("/")[0] else None


def search(deployment: Deployment, resource_type: str, query: list[tuple[str, str]]) -> list[dict[str, Any]]:
    bundle = _ask(deployment, resource_type, query) or {}
    entries = bundle.get("entry", [])
    return [entry["resource"] for entry in entries if entry.get("search", {}).get("mode") != "outcome"]


def _ask(deployment: Deployment, path: str, query: list[tuple[str, str]]) -> dict[str, Any] | None:
    """What the engine answers with 200; None for all else, and for deployments whose data is elsewhere."""
    if deployment.partition is None or deployment.upstream:
        return None
    request = FhirRequest("GET", path, query, {}, b"", fhir_base(deployment.pk))
    partition = Partition(deployment.region.database, deployment.partition)
    response = engine.respond(request, partition, READ_ONLY)
    if response.status != 200:
        return None
    body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
    answer: dict[str, Any] = json.loads(body)
    return answer


def _known(deployment: Deployment, references: list[str]) -> list[Choice]:
    """Those of the references that are patients here. Where the data is elsewhere, they are taken as they are."""
    patients = dict.fromkeys(
        f"Patient/{found}"
        for text in references
        if (found := logical_id(text, "Patient")) and "Patient/" in text
    )
    if deployment.upstream:
        return [Choice(reference, reference) for reference in patients]
    resources = [read(deployment, reference) for reference in patients]
    return [_person(resource) for resource in resources if resource is not None]


def _person(resource: dict[str, Any]) -> Choice:
    reference = f"{resource['resourceType']}/{resource['id']}"
    facts = [resource.get("birthDate"), resource.get("gender"), resource["id"]]
    return Choice(reference, _name(resource) or reference, " · ".join(str(fact) for fact in facts if fact))


def _name(resource: dict[str, Any]) -> str:
    names = resource.get("name") or [{}]
    name = next((one for one in names if one.get("use") == "official"), names[0])
    parts = [*name.get("prefix", []), *name.get("given", []), name.get("family", "")]
    return str(name.get("text") or " ".join(part for part in parts if part))


def _encounter(resource: dict[str, Any]) -> Choice:
    kinds = resource.get("type") or [{}]
    codings = kinds[0].get("coding") or [{}]
    title = kinds[0].get("text") or codings[0].get("display") or "Visit"
    period = resource.get("period", {})
    detail = " · ".join(
        filter(None, [str(period.get("start", ""))[:10], resource.get("status"), resource["id"]])
    )
    return Choice(f"Encounter/{resource['id']}", str(title), detail)
