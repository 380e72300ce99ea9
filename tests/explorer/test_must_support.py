"""The schema tree shows what the deployment's profiles ask systems to support."""

import pytest
from django.test import Client
from django.urls import reverse

from deployments.models import Deployment
from fhirserver.guides.install import install
from fhirserver.partitions import Partition
from tests.fhirserver.guides.packages import Json, package

pytestmark = pytest.mark.django_db(databases="__all__")
PROFILE = "https://guides.example.org/StructureDefinition/clan-patient"


def element(path: str, **more: object) -> Json:
    return {"id": path, "path": path, "min": 0, "max": "*", **more}


def clan_patient() -> Json:
    elements = [
        element("Patient"),
        element("Patient.name", type=[{"code": "HumanName"}], mustSupport=True),
        element("Patient.name.family", type=[{"code": "string"}], max="1", mustSupport=True),
        element("Patient.contact", type=[{"code": "BackboneElement"}]),
        element("Patient.contact.telecom", type=[{"code": "ContactPoint"}], mustSupport=True),
    ]
    return {
        "resourceType": "StructureDefinition",
        "id": "clan-patient",
        "url": PROFILE,
        "name": "ClanPatient",
        "status": "active",
        "kind": "resource",
        "abstract": False,
        "type": "Patient",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation": "constraint",
        "snapshot": {"element": elements},
    }


def test_must_support_is_marked_with_its_profile_and_parts(explorer: Client, deployment: Deployment) -> None:
    page = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    assert "Must support" not in explorer.get(page).content.decode()
    assert deployment.partition is not None
    install(Partition(deployment.region.database, deployment.partition), package([clan_patient()]))
    shown = explorer.get(page).content.decode()
    assert "must be supported by a profile installed here" in shown
    assert "Must support (clan-patient): <code>family</code>" in shown
    assert "Must support (in its parts): <code>telecom</code>" in shown
    inside = explorer.get(
        reverse("explorer:elements", args=[deployment.pk, "Patient.contact"])
    ).content.decode()
    assert inside.count("Must support (clan-patient)") == 1
    assert "Must support" not in explorer.get(page.replace("Patient", "Group")).content.decode()
