"""capabilities: what this server does, derived from the table of routes and from the search parameters that it indexes.

https://hl7.org/fhir/R4/http.html#capabilities, https://hl7.org/fhir/R4/capabilitystatement.html
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Any

import msgspec
from django.conf import settings

from fhirserver.guides.memory import Guides, guides_of
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.instants import instant
from fhirserver.interactions.patch import PATCH_TYPES
from fhirserver.interactions.terminology_capabilities import terminology_statement
from fhirserver.outcomes import BadRequest
from fhirserver.responses import json_response, knows_tag
from fhirserver.search.unsupported import combinations, reason
from fhirserver.store import Store, now_us
from fhirserver.subsets import subset_response
from fhirspec.catalogue import FHIR_VERSION, get_catalogue
from fhirspec.definitions import SearchParameter

_STARTED = instant(now_us())
_MODES = ("full", "normative", "terminology")
BULK_DATA = "http://hl7.org/fhir/uv/bulkdata/CapabilityStatement/bulk-data"
_OAUTH_URIS = "http://fhir-registry.smarthealthit.org/StructureDefinition/oauth-uris"
_SECURITY_SERVICES = "http://terminology.hl7.org/CodeSystem/restful-security-service"
_BINARY = (
    "A read or vread whose Accept does not name application/fhir+json or application/fhir+xml is answered with the content under its own "
    "media type. A body that is no Binary resource becomes the content of one, X-Security-Context its securityContext."
)
_LIST = {"name": "_list", "type": "special", "documentation": "The id of a List whose members are searched."}
_TYPE = {"name": "_type", "type": "special", "documentation": "The resource types to search, with commas."}


def capabilities(request: FhirRequest, store: Store) -> FhirResponse:
    mode = request.parameter("mode") or "full"
    if mode not in _MODES:
        raise BadRequest(f"mode={mode} is not one of {', '.join(_MODES)}.")
    if mode == "terminology":
        body = terminology_statement(request.base_url, guides_of(store.partition))
    else:
        # `normative`: all that this statement says stands in the normative part of CapabilityStatement.
        body = statement(request.base_url, guides_of(store.partition), request.oauth_uris)
    tag = _tag(body)
    headers = {"ETag": f'W/"{tag}"'}
    if request.header("if-none-match") and knows_tag(request, tag):
        return FhirResponse(304, headers)
    response = json_response(body)
    response.headers.update(headers)
    return subset_response(request, response)


@lru_cache(maxsize=64)
def _tag(body: bytes) -> str:
    return blake2b(body, digest_size=8).hexdigest()


@lru_cache(maxsize=64)
def statement(base_url: str, guides: Guides, oauth_uris: tuple[tuple[str, str], ...] = ()) -> bytes:
    """The CapabilityStatement of a FHIR base with its partition's guides, as JSON."""
    return msgspec.json.encode(
        {
            "resourceType": "CapabilityStatement",
            "id": "fireside",
            "url": f"{base_url}/metadata",
            "version": settings.VERSION,
            "name": "Fireside",
            "title": "Fireside FHIR R4 server",
            "status": "active",
            "date": _STARTED,
            "kind": "instance",
            **_guides(guides),
            "software": {"name": "Fireside", "version": settings.VERSION, "releaseDate": _STARTED},
            "implementation": {"description": "A FHIR R4 endpoint of Fireside", "url": base_url},
            "fhirVersion": FHIR_VERSION,
            "format": ["application/fhir+json", "application/fhir+xml", "json", "xml"],
            "patchFormat": PATCH_TYPES,
            "rest": [_rest(base_url, guides, oauth_uris)],
        }
    )


def _rest(base_url: str, guides: Guides, oauth_uris: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    catalogue = get_catalogue()
    return {
        "mode": "server",
        "documentation": (
            "Every interaction needs a credential: x-api-key, or Authorization: Bearer. Beside what is listed, searches take chains, "
            "_has, _include, _revinclude, _sort, _count, _total, _summary and _elements; _contained (false, true, both) with "
            f"_containedType (container, contained). Refused together: {_refused_together()}."
        ),
        "security": security_of(oauth_uris),
        "resource": [_resource(name, base_url, guides) for name in catalogue.resource_types],
        "interaction": _codes("system"),
        "searchParam": [*(_parameter(one) for one in _system_parameters()), _LIST, _TYPE],
        **_operations("system", "", base_url),
        "compartment": [
            f"http://hl7.org/fhir/CompartmentDefinition/{name.lower()}" for name in catalogue.compartments
        ],
    }


def security_of(oauth_uris: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """With the extension by which clients of SMART App Launch 1.0 find the authorization server; later ones read its own document.

    https://hl7.org/fhir/smart-app-launch/1.0.0/conformance/index.html#using-cs
    """
    described = {
        "cors": True,
        "description": "API keys, and OAuth 2.0 where the deployment has an authorization server.",
    }
    if not oauth_uris:
        return described
    named = [{"url": name, "valueUri": uri} for name, uri in oauth_uris]
    coding = {"system": _SECURITY_SERVICES, "code": "SMART-on-FHIR", "display": "SMART-on-FHIR"}
    service = {"coding": [coding], "text": "OAuth 2.0 as in SMART App Launch"}
    return {"extension": [{"url": _OAUTH_URIS, "extension": named}], **described, "service": [service]}


def _refused_together() -> str:
    return "; ".join(f"{names} ({why})" for names, why in combinations().items())


def _codes(level: str) -> list[dict[str, str]]:
    """The interaction codes of a level, from the table of routes."""
    from fhirserver.routes import ROUTES

    levels = ("type", "instance") if level == "type" else (level,)
    found = dict.fromkeys(route.interaction for route in ROUTES if route.level in levels)
    if "transaction" in found:
        found["batch"] = None
    unlisted = ("capabilities", "search-compartment", "operation")
    return [{"code": code} for code in found if code not in unlisted]


def _guides(guides: Guides) -> dict[str, list[str]]:
    installed = guides.installed
    instantiates = [BULK_DATA, *(url for guide in installed for url in guide.instantiates)]
    canonicals = [f"{guide.canonical}|{guide.version}" for guide in installed if guide.canonical]
    return {
        "instantiates": instantiates,
        **({"implementationGuide": canonicals} if canonicals else {}),
    }


def _resource(name: str, base_url: str, guides: Guides) -> dict[str, Any]:
    catalogue = get_catalogue()
    parameters = {**_added(name, guides), **catalogue.search_parameters(name)}
    references = sorted(one.code for one in parameters.values() if one.type == "reference")
    return {
        "type": name,
        **({"documentation": _BINARY} if name == "Binary" else {}),
        "profile": f"http://hl7.org/fhir/StructureDefinition/{name}",
        **({"supportedProfile": list(guides.profiles[name])} if name in guides.profiles else {}),
        "interaction": _codes("type"),
        "versioning": "versioned-update",
        "readHistory": True,
        "updateCreate": True,
        "conditionalCreate": True,
        "conditionalRead": "full-support",
        "conditionalUpdate": True,
        "conditionalDelete": "multiple",
        "referencePolicy": ["literal", "logical"],
        **({"searchInclude": ["*", *(f"{name}:{code}" for code in references)]} if references else {}),
        **_reverse_includes(name, guides),
        "searchParam": [*(_parameter(one) for one in parameters.values() if not reason(one)), _LIST],
        **_operations("type", name, base_url),
    }


def _added(name: str, guides: Guides) -> dict[str, SearchParameter]:
    """What guides add to a type, once every stored resource is found by it."""
    return {} if name in guides.unready else dict(guides.parameters.get(name, {}))


def _reverse_includes(name: str, guides: Guides) -> dict[str, list[str]]:
    found = [
        f"{source}:{one.code}"
        for source in get_catalogue().resource_types
        for one in (*get_catalogue().search_parameters(source).values(), *_added(source, guides).values())
        if one.type == "reference" and name in one.targets
    ]
    return {"searchRevInclude": found} if found else {}


def _parameter(one: SearchParameter) -> dict[str, str]:
    return {"name": one.code, "type": one.type, "definition": one.url}


def _system_parameters() -> list[SearchParameter]:
    """Those that every type has."""
    catalogue = get_catalogue()
    of_all = set.intersection(*(set(catalogue.search_parameters(name)) for name in catalogue.resource_types))
    known = catalogue.search_parameters("Patient")
    return [one for code, one in known.items() if code in of_all and not reason(one)]


def _operations(level: str, name: str, base_url: str) -> dict[str, Any]:
    # The definitions name the table of operations, whose handlers import interactions.
    from fhirserver.operations.definitions import definition_url

    found = [
        {"name": code, "definition": definition_url(code, name, base_url)}
        for code in operation_codes(level, name)
    ]
    return {"operation": found} if found else {}


def operation_codes(level: str, name: str) -> list[str]:
    """The operations offered at the system, or on a type (on its instances too)."""
    from fhirserver.operations.table import OPERATIONS

    def fits(levels: str, types: tuple[str, ...]) -> bool:
        if level == "system":
            return "s" in levels
        return ("t" in levels or "i" in levels) and (not types or name in types)

    return list(dict.fromkeys(one.code for one in OPERATIONS if fits(one.levels, one.types)))
