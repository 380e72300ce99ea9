"""Makes synthetic patients with Synthea, as NDJSON: `python -m deployments.synthesis PATIENTS YEARS SEED FILE`.

It runs in a process of its own, because a simulated life keeps a processor busy for a second and Synthea prints.
The same arguments give the same file. Needs no Django. Standard output: one line `done total` a patient.
"""

import contextlib
import io
import secrets
import sys
import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

REFERENCE_DATE = datetime(2026, 6, 30)
URN = "urn:uuid:"
# Where each type says when it happened; what is not named here has no date of its own.
DATES: dict[str, tuple[str, ...]] = {
    "Encounter": ("period", "start"),
    "Condition": ("onsetDateTime",),
    "Procedure": ("performedPeriod", "start"),
    "Observation": ("effectiveDateTime",),
    "Immunization": ("occurrenceDateTime",),
    "DiagnosticReport": ("effectiveDateTime",),
    "ImagingStudy": ("started",),
    "MedicationRequest": ("authoredOn",),
    "MedicationAdministration": ("effectiveDateTime",),
    "SupplyDelivery": ("occurrenceDateTime",),
    "Claim": ("created",),
    "ExplanationOfBenefit": ("created",),
}
# They are kept when something that is kept refers to them.
ONLY_WHEN_REFERRED_TO = frozenset(
    {"Organization", "Location", "Practitioner", "PractitionerRole", "Provenance"}
)

Resource = dict[str, Any]


def _generator(seed: int, directory: str) -> Any:
    from synthea.engine.generator import Generator, GeneratorOptions
    from synthea.helpers.config import Config

    config = Config()
    config.load()
    config.set("exporter.baseDirectory", directory)
    config.set("generate.clinical_notes", False)
    options = GeneratorOptions()
    options.seed = seed
    options.reference_date = REFERENCE_DATE
    options.reference_date_explicit = True
    return Generator(options, config=config)


def bundles(patients: int, seed: int) -> Iterator[Resource]:
    """One transaction Bundle a patient. What Synthea prints is swallowed."""
    with tempfile.TemporaryDirectory() as directory:
        with contextlib.redirect_stdout(io.StringIO()):
            generator = _generator(seed, directory)
        exporter = generator.exporter.patient_exporters[0]
        for index in range(patients):
            with contextlib.redirect_stdout(io.StringIO()):
                bundle = exporter.create_bundle(generator.generate_person(index))
            yield bundle


def _references(node: Any) -> Iterator[str]:
    """The id of everything that a part of a resource refers to."""
    if isinstance(node, dict):
        reference = node.get("reference")
        if isinstance(reference, str) and reference.startswith(URN):
            yield reference.removeprefix(URN)
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for item in node:
            yield from _references(item)


def _date(resource: Resource) -> str:
    value: Any = resource
    for name in DATES.get(resource["resourceType"], ("no date",)):
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, str) else ""


def _is_wanted(resource: Resource, since: str) -> bool:
    """Whether a resource is kept for its own sake: recent, still active, or about the patient as a whole."""
    kind = resource["resourceType"]
    if kind in ONLY_WHEN_REFERRED_TO:
        return False
    if (
        kind == "Condition"
        and resource.get("clinicalStatus", {}).get("coding", [{}])[0].get("code") == "active"
    ):
        return True
    return kind not in DATES or _date(resource) >= since


def recent(resources: list[Resource], since: str) -> list[Resource]:
    """What happened since a date, with all that it refers to, however old; in the order given."""
    by_id = {resource["id"]: resource for resource in resources}
    kept = {resource["id"] for resource in resources if _is_wanted(resource, since)}
    frontier = list(kept)
    while frontier:
        for target in _references(by_id[frontier.pop()]):
            if target in by_id and target not in kept:
                kept.add(target)
                frontier.append(target)
    return [resource for resource in resources if resource["id"] in kept]


def _with_literal_references(node: Any, types: dict[str, str]) -> Any:
    """`urn:uuid:` references become `Type/id`, because the resources keep their ids."""
    if isinstance(node, dict):
        return {name: _with_literal_references(value, types) for name, value in node.items()}
    if isinstance(node, list):
        return [_with_literal_references(item, types) for item in node]
    if isinstance(node, str) and node.startswith(URN) and (kind := types.get(node.removeprefix(URN))):
        return f"{kind}/{node.removeprefix(URN)}"
    return node


def resources_of(bundle: Resource, years: int) -> list[Resource]:
    """The resources of one patient's Bundle, cut to the last years (0: from birth), with literal references."""
    resources = []
    for entry in bundle["entry"]:
        resource = entry["resource"]
        resource["id"] = entry["fullUrl"].removeprefix(URN)
        resources.append(resource)
    if years > REFERENCE_DATE.year:
        raise ValueError("that is before the calendar begins")
    if years:
        resources = recent(resources, f"{REFERENCE_DATE.year - years}{REFERENCE_DATE:-%m-%d}")
    types = {resource["id"]: resource["resourceType"] for resource in resources}
    return [_with_literal_references(resource, types) for resource in resources]


def _new(resources: Iterable[Resource], seen: set[str]) -> Iterator[Resource]:
    """Organizations and the like are shared between patients: each once."""
    for resource in resources:
        if resource["id"] not in seen:
            seen.add(resource["id"])
            yield resource


def write(patients: int, years: int, seed: int, path: Path) -> None:
    """Write the file, whole or not at all."""
    # A name of its own: two deployments may ask for the same patients at once.
    unfinished = path.with_suffix(f".{secrets.token_hex(4)}.part")
    seen: set[str] = set()
    with unfinished.open("wb") as file:
        for index, bundle in enumerate(bundles(patients, seed)):
            for resource in _new(resources_of(bundle, years), seen):
                file.write(msgspec.json.encode(resource) + b"\n")
            print(index + 1, patients, flush=True)  # noqa: T201
    unfinished.replace(path)


if __name__ == "__main__":
    write(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4]))
