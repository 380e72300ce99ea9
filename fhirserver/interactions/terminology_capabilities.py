"""TerminologyCapabilities (`metadata?mode=terminology`): the code systems whose codes are here, and what can be asked of them.

https://hl7.org/fhir/R4/terminologycapabilities.html, https://hl7.org/fhir/R4/terminology-service.html#capabilities
"""

from collections.abc import Iterator
from functools import lru_cache
from typing import Any

import msgspec
from django.conf import settings

from fhirserver.guides.memory import Guides
from fhirserver.instants import instant
from fhirserver.store import now_us
from fhirspec.catalogue import get_catalogue

_STARTED = instant(now_us())
# What $lookup answers of a concept; a system may have properties of its own beside these.
_PROPERTIES = ["name", "version", "display", "definition", "designation", "parent", "child"]
_EXPANSION = {
    "url": "The canonical URL of the value set; it may end in |version.",
    "valueSetVersion": "The version of that value set.",
    "filter": "Only codes with this text in their code or display.",
    "offset": "Leave out so many codes.",
    "count": "At most so many codes.",
    "includeDesignations": "With the designations of each code.",
    "includeDefinition": "With the definition of the value set.",
    "designation": "With the designations of this language (urn:ietf:bcp:47|de) or use.",
    "activeOnly": "Without inactive codes.",
    "excludeNested": "Expansions are flat in any case.",
    "excludeNotForUI": "Without codes that are abstract.",
    "excludePostCoordinated": "There are no post-coordinated codes in any case.",
    "displayLanguage": "With the displays of this language, where there are any.",
    "exclude-system": "Without the codes of this system.",
    "system-version": "Only if this version (system|version) is the one that is here.",
    "check-system-version": "Only if this version (system|version) is the one that is here.",
    "force-system-version": "Only if this version (system|version) is the one that is here.",
}
_ASKED = {
    "ValueSet/$validate-code": "url or valueSet, valueSetVersion, code with system and display, coding, codeableConcept, abstract, displayLanguage",
    "CodeSystem/$validate-code": "url or codeSystem, version, code, display, coding, codeableConcept, abstract, displayLanguage",
    "CodeSystem/$lookup": "code with system and version, coding, property, displayLanguage",
    "CodeSystem/$subsumes": "codeA and codeB with system and version, codingA and codingB",
}
"""What the resource has no elements for."""


@lru_cache(maxsize=64)
def terminology_statement(base_url: str, guides: Guides) -> bytes:
    """The TerminologyCapabilities of a FHIR base with its partition's guides, as JSON."""
    taken = "; ".join(f"{operation}: {parameters}" for operation, parameters in _ASKED.items())
    return msgspec.json.encode(
        {
            "resourceType": "TerminologyCapabilities",
            "id": "fireside-terminology",
            "url": f"{base_url}/metadata?mode=terminology",
            "version": settings.VERSION,
            "name": "FiresideTerminology",
            "status": "active",
            "date": _STARTED,
            "description": (
                "Code systems of FHIR R4 and of installed implementation guides. Those that clients upload are used too; they are found by a"
                f" search of CodeSystem, which needs a credential. Parameters beside those of the expansion: {taken}."
            ),
            "kind": "instance",
            "software": {"name": "Fireside", "version": settings.VERSION},
            "implementation": {"description": "Terminology of a Fireside FHIR R4 server", "url": base_url},
            "codeSystem": [_code_system(url, version) for url, version in _known(guides)],
            "expansion": {
                "hierarchical": False,
                "paging": True,
                "incomplete": False,
                "parameter": [{"name": name, "documentation": text} for name, text in _EXPANSION.items()],
                "textFilter": "Case-insensitive, anywhere in the display or the code.",
            },
            "codeSearch": "all",
            "validateCode": {"translations": False},
            "translation": {"needsMap": False},
            "closure": {"translation": False},
        }
    )


def _known(guides: Guides) -> Iterator[tuple[str, str]]:
    """URL and version, each URL once: what a guide brings stands before what R4 has."""
    brought = {
        one.url: one.version
        for guide in guides.installed
        for one in guide.resources
        if one.type == "CodeSystem" and one.url
    }
    yield from sorted({**dict(get_catalogue().code_systems), **brought}.items())


def _code_system(url: str, version: str) -> dict[str, Any]:
    named = {"code": version} if version else {}
    return {
        "uri": url,
        "version": [{**named, "isDefault": True, "compositional": False, "property": _PROPERTIES}],
        "subsumption": True,
    }
