"""uri: value × modifier × what the element is. https://hl7.org/fhir/R4/search.html#uri

An address is the whole of it, with case and accents. `:below` finds what begins with it, `:above` what it begins with, path by path; a URN
has no path, and is found by itself alone. In `url=…|version` the version is one of the resource.
"""

from typing import Any

from tests.fhirserver.client import BASE, Client
from tests.fhirserver.search.by_type.tables import (
    by_modifier,
    by_refused_modifier,
    loaded,
    require_found,
    require_refused,
)

SET = "http://acme.example/fhir/ValueSet"
SETS: dict[str, dict[str, Any]] = {
    "a": {"url": f"{SET}/123", "version": "1.0"},
    "b": {"url": f"{SET}/123/_history/5"},
    "c": {"url": "http://acme.example/fhir/"},
    "d": {"url": "http://acme.example/fhir"},
    "e": {"url": "http://ACME.example/fhir/ValueSet/123"},
    "f": {"url": "urn:oid:1.2.3.4.5"},
    "g": {"url": "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7"},
    "h": {},
    "i": {"url": f"{SET}/1234"},
    "j": {"url": "http://acme.example/é,$%C3%A9"},
    "k": {"url": f"{SET}/123", "version": "2.0"},
    "l": {"url": "http://long.example/" + "x" * 600},
}
ADDRESSES = by_modifier(
    "ValueSet?url",
    {
        f"{SET}/123": "ak below:abik above:acdk",
        f"{SET}/123/": "- below:b above:acdk",
        SET: "- below:abik above:cd",
        f"{SET}/123/_history/5": "b below:b above:abcdk",
        "http://acme.example/fhir/": "c below:abcik above:cd",
        "http://acme.example/fhir": "d below:abcdik above:d",
        "http://acme.example/FHIR": "- below:- above:-",
        "http://ACME.example/fhir/ValueSet/123": "e below:e above:e",
        "http": "- below:^fgh",
        "urn:oid:1.2.3.4.5": "f below:f above:f",
        "urn:oid:1.2.3.4": "- below:- above:-",
        "urn:oid:1.2.3.4.5.6": "- below:- above:-",
        "URN:OID:1.2.3.4.5": "-",
        "urn:uuid:53fefa32-fcbb-4ff8-8a92-55ee120877b7": "g",
        r"http://acme.example/é\,\$%25C3%25A9": "j below:j",
        "http://acme.example/é": "- below:j",
        r"http://acme.example/e\,\$%25C3%25A9": "-",
        "http://long.example/" + "x" * 600: "l below:l above:l",
        "http://long.example/" + "x" * 599: "- below:l above:-",
        f"{SET}/123,urn:oid:1.2.3.4.5": "afk",
        f"{SET}/123|1.0": "a",
        f"{SET}/123|2.0": "k",
        f"{SET}/123|3.0": "-",
        f"{SET}/123|": "ak",
        rf"{SET}/123\|1.0": "-",
        f"{SET}/123|2.0,{SET}/1234": "ik",
        "true": "missing:h",
        "false": "missing:^h",
    },
    "abcdefghijkl",
)
PROFILE = "http://hl7.org/fhir/StructureDefinition/"
OTHERS: dict[str, dict[str, Any]] = {
    "a": {"meta": {"profile": [f"{PROFILE}one"], "source": "http://source.example/a#1"}},
    "b": {"meta": {"profile": [f"{PROFILE}one|2.0", f"{PROFILE}two"]}},
    "c": {"meta": {"source": "urn:oid:1.2"}},
    "d": {"meta": {"profile": [f"{BASE}/StructureDefinition/own"]}},
}
CANONICALS = {
    f"Basic?_profile={PROFILE}one": "ab",
    f"Basic?_profile={PROFILE}one|2.0": "b",
    f"Basic?_profile={PROFILE}one|3.0": "-",
    f"Basic?_profile={PROFILE}two": "b",
    f"Basic?_profile={PROFILE}one&_profile={PROFILE}two": "b",
    f"Basic?_profile:below={PROFILE}": "ab",
    f"Basic?_profile:below={PROFILE}one": "ab",
    f"Basic?_profile:below={PROFILE}one|2": "b",
    "Basic?_profile:missing=true": "c",
    f"Basic?_profile={BASE}/StructureDefinition/own": "d",
    "Basic?_profile=StructureDefinition/own": "d",
    f"Basic?_profile=StructureDefinition/own,{PROFILE}two": "bd",
    "Basic?_profile=StructureDefinition/one": "-",
    "Basic?_profile:below=StructureDefinition/": "d",
    "Basic?_source=http://source.example/a%231": "a",
    "Basic?_source=http://source.example/a": "-",
    "Basic?_source:below=http://source.example/": "a",
    "Basic?_source=urn:oid:1.2": "c",
    "Basic?_source:missing=false": "ac",
}
REFUSED = {
    "ValueSet?url:missing=1": "url:missing=1 is neither true nor false",
    "ValueSet?url=http://a|1|2": "url=http://a|1|2 is not of the form url or url|version",
    **by_refused_modifier("ValueSet?url", "http://a", "exact contains not text in not-in of-type identifier iterate Patient"),
}  # fmt: skip


def test_addresses_are_found_by_every_modifier(client: Client) -> None:
    loaded(client, "ValueSet", SETS, status="draft")
    require_found(client, ADDRESSES)


def test_profiles_and_sources_are_found_as_addresses(client: Client) -> None:
    loaded(client, "Basic", OTHERS, code={"text": "x"})
    require_found(client, CANONICALS)


def test_what_no_address_takes_is_refused_with_its_place(client: Client) -> None:
    require_refused(client, REFUSED)
