"""What a US Core CapabilityStatement demands of a server, and searches of that kind made from stored resources.

https://hl7.org/fhir/us/core/CapabilityStatement-us-core-server.html
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from fhirserver.guides.memory import guides_of
from fhirserver.partitions import Partition
from fhirspec import json
from fhirspec.catalogue import get_catalogue
from fhirspec.definitions import SearchParameter
from fhirspec.searchparams import extractor
from tests.fhirserver.client import Client

Json = dict[str, Any]
VERSIONS = ("3.1.1", "5.0.1", "6.1.0")
SERVER = "http://hl7.org/fhir/us/core/CapabilityStatement/us-core-server"
_EXPECTATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-expectation"
_COMBINATION = "http://hl7.org/fhir/StructureDefinition/capabilitystatement-search-parameter-combination"


def package_of(shared_data: Path, version: str) -> bytes:
    return (shared_data / "us-core" / f"hl7.fhir.us.core-{version}.tgz").read_bytes()


def patient_bundle(shared_data: Path, number: int) -> Json:
    """A transaction with everything about one sample patient. One misnamed element of a Period is put right."""
    text = (shared_data / "us-core-patients" / f"uscore_bundle_patient_{number}.json").read_bytes()
    bundle: Json = json.decode(text.replace(b'"stop":', b'"end":'))
    return bundle


def demanded(client: Client) -> Json:
    """The guide's own statement, as the server hands it out."""
    found = client.get(f"CapabilityStatement?url={SERVER}").json()["entry"]
    whole: Json = found[0]["resource"]
    return whole


def is_demanded(node: Json) -> bool:
    return any(
        one["url"] == _EXPECTATION and one["valueCode"] == "SHALL" for one in node.get("extension", ())
    )


def searches(resource: Json) -> Iterator[tuple[str, ...]]:
    """The parameters, alone or combined, by which a type shall be searched."""
    yield from ((one["name"],) for one in resource.get("searchParam", ()) if is_demanded(one))
    for one in resource.get("extension", ()):
        if one["url"] == _COMBINATION and is_demanded(one):
            yield tuple(part["valueString"] for part in one["extension"] if part["url"] == "required")


def parameter_of(partition: Partition, resource_type: str, code: str) -> SearchParameter:
    added = guides_of(partition).parameters.get(resource_type, {}).get(code)
    return get_catalogue().search_parameters(resource_type).get(code) or added  # type: ignore[return-value]


def value_in(parameter: SearchParameter, resource: Json) -> str | None:
    """A value by which the parameter finds this resource; None when it has none."""
    if parameter.code == "_id":
        return str(resource["id"])
    found = extractor(parameter)(resource)
    return next(filter(None, (_as_text(parameter.type, one.value) for one in found)), None)


def _as_text(kind: str, value: Any) -> str | None:
    if kind == "reference":
        return value.get("reference") if isinstance(value, dict) else str(value)
    if kind == "date":
        # A period equals no moment in it; it overlaps what is not before its beginning.
        return f"ge{value.get('start') or value.get('end')}" if isinstance(value, dict) else str(value)
    if not isinstance(value, dict):
        return str(value).lower() if isinstance(value, bool) else str(value)
    if kind == "string":
        return next((one for key, one in value.items() if key in ("family", "city", "text")), None)
    coding = value["coding"][0] if value.get("coding") else value
    code = coding.get("code") or coding.get("value")
    return f"{coding.get('system', '')}|{code}".lstrip("|") if code else None
