"""FHIR packages for tests, made in memory."""

import io
import json
import tarfile
from typing import Any

Json = dict[str, Any]
CANONICAL = "https://guides.example.org"
CLAN = f"{CANONICAL}/StructureDefinition/clan"


def archive(files: dict[str, bytes]) -> bytes:
    """A `.tgz` with these files."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as packed:
        for name, body in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(body)
            packed.addfile(member, io.BytesIO(body))
    return buffer.getvalue()


def package(resources: list[Json], **manifest: Any) -> bytes:
    """A package of these resources; `manifest` overrides what package.json says."""
    said = {"name": "org.example.clans", "version": "1.0.0", "title": "Clans", "fhirVersions": ["4.0.1"]}
    files = {"package/package.json": json.dumps({**said, **manifest}).encode()}
    for one in resources:
        files[f"package/{one['resourceType']}-{one['id']}.json"] = json.dumps(one).encode()
    return archive(files)


def search_parameter(code: str, base: str, kind: str, expression: str, **more: Any) -> Json:
    return {
        "resourceType": "SearchParameter",
        "id": f"{base.lower()}-{code}",
        "url": f"{CANONICAL}/SearchParameter/{base.lower()}-{code}",
        "name": code.title(),
        "status": "active",
        "description": f"The {code}",
        "code": code,
        "base": [base],
        "type": kind,
        "expression": expression,
        **more,
    }


CLAN_PARAMETER = search_parameter(
    "clan", "Patient", "token", f"Patient.extension.where(url = '{CLAN}').value.coding"
)


def member_of(clan: str, **more: Any) -> Json:
    """A Patient who is in a clan."""
    value = {"coding": [{"system": CANONICAL, "code": clan}]}
    return {"resourceType": "Patient", "extension": [{"url": CLAN, "valueCodeableConcept": value}], **more}
