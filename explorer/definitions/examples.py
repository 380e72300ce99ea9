"""Example resources for the editor: official ones, and the smallest valid one, made from the definition."""

import json
import zipfile
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any

from explorer.definitions.sample import smallest_valid
from fhirspec.validation import validate

_ARCHIVE = "fhirstarter/fhir_specification/sequences/R4B/examples.zip"
SMALLEST = "smallest"
# A longer example is offered, but not put into the page by itself.
LONGEST_DEFAULT = 30_000
# The archive is of R4B, which differs from R4 in a few types and in its number.
_R4B, _R4 = '"4.3.0"', '"4.0.1"'


@dataclass(frozen=True)
class ExampleTitle:
    key: str
    title: str


@lru_cache(maxsize=160)
def _official(resource_type: str) -> dict[str, Any]:
    """Examples by key, each {"summary", "value"}; only those that are valid R4."""
    archive = Path(str(distribution("fhirstarter").locate_file(_ARCHIVE)))
    if not archive.exists():
        return {}
    with zipfile.ZipFile(archive) as opened:
        try:
            text = opened.read(f"{resource_type.lower()}.json").decode()
        except KeyError:
            return {}
    found = json.loads(text.replace(_R4B, _R4))
    return {key: each for key, each in found.items() if _is_valid(each.get("value"), resource_type)}


def _is_valid(value: Any, resource_type: str) -> bool:
    return not any(problem.is_error for problem in validate(value, resource_type))


@lru_cache(maxsize=160)
def example_titles(resource_type: str) -> tuple[ExampleTitle, ...]:
    """What the drop-down offers: official examples first, then the smallest valid resource."""
    official = [
        ExampleTitle(key, str(each.get("summary") or key)) for key, each in _official(resource_type).items()
    ]
    if resource_type == "Bundle":
        official = [
            ExampleTitle("batch", "Batch: read and search"),
            ExampleTitle("transaction", "Transaction"),
            *official,
        ]
    return (*official, ExampleTitle(SMALLEST, "Smallest valid (from the definition)"))


@lru_cache(maxsize=400)
def example_text(resource_type: str, key: str) -> str:
    """The example's JSON; an empty or unknown key means the first one that is not too long."""
    if resource_type == "Bundle" and key in ("", "batch", "transaction"):
        return _indent(_bundle(key or "batch"))
    official = _official(resource_type)
    if key in official:
        return _indent(official[key]["value"])
    if key != SMALLEST:
        for each in official.values():
            text = _indent(each["value"])
            if len(text) <= LONGEST_DEFAULT:
                return text
    return _indent(smallest_valid(resource_type))


def with_id(text: str, logical_id: str) -> str:
    """The example under another id, for an update."""
    value = json.loads(text)
    ordered = {"resourceType": value.pop("resourceType"), "id": logical_id}
    value.pop("id", None)
    return _indent(ordered | value)


def _bundle(kind: str) -> dict[str, Any]:
    if kind == "transaction":
        patient = "urn:uuid:61ebe359-bfdc-4613-8bf2-c5e300945f0a"
        entries: list[dict[str, Any]] = [
            {
                "fullUrl": patient,
                "resource": {
                    "resourceType": "Patient",
                    "name": [{"family": "Moreau", "given": ["Ines"]}],
                    "gender": "female",
                },
                "request": {"method": "POST", "url": "Patient"},
            },
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "code": {
                        "coding": [{"system": "http://loinc.org", "code": "8867-4", "display": "Heart rate"}]
                    },
                    "subject": {"reference": patient},
                    "valueQuantity": {
                        "value": 62,
                        "unit": "/min",
                        "system": "http://unitsofmeasure.org",
                        "code": "/min",
                    },
                },
                "request": {"method": "POST", "url": "Observation"},
            },
        ]
    else:
        entries = [
            {"request": {"method": "GET", "url": "Patient?gender=female&_count=2"}},
            {"request": {"method": "GET", "url": "metadata?_summary=true"}},
        ]
    return {"resourceType": "Bundle", "type": kind, "entry": entries}


def _indent(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
