"""Official example resources: where they come from, and what counts as the same when they come back.

All 5,306 are in the npm package hl7.fhir.r4.examples 4.0.1: `npm pack` it and let FIRESIDE_FHIR_EXAMPLES name the archive.
"""

import json
import os
import re
import tarfile
import zipfile
from collections.abc import Iterator
from html.entities import name2codepoint
from importlib.metadata import distribution
from typing import Any

from lxml import etree

from fhirspec import json as fhir_json

ALL_EXAMPLES = os.environ.get("FIRESIDE_FHIR_EXAMPLES", "")
_ONE_PER_TYPE = "fhirstarter/fhir_specification/sequences/R4B/examples.zip"
# fhirstarter's examples are of R4B, which names itself in the resources about resources.
_R4B, _R4 = b'"4.3.0"', b'"4.0.1"'

INVALID = {
    **{
        f"SearchParameter/{kind.lower()}-extensions-{kind}-{name}": "SearchParameter.base"
        for kind in ("CodeSystem", "ValueSet")
        for name in ("author", "effective", "end", "keyword", "workflow")
    },
    "ImplementationGuide/fhir": "ImplementationGuide.name",
    "Questionnaire/qs1": "Questionnaire.item[0].item[0].linkId",
    "SearchParameter/questionnaireresponse-extensions-QuestionnaireResponse-item-subject": "SearchParameter.id",
}
"""The official examples that are not valid R4, each with the place of its first fault. The last one's id has 67 characters."""


class _Number(str):
    """A number as it was written: 1.0 is not 1.00."""


def exactly(text: bytes) -> Any:
    """A resource to compare: numbers as text, without what the server adds."""
    found = json.loads(text, parse_int=_Number, parse_float=_Number)
    meta = {k: v for k, v in found.pop("meta", {}).items() if k not in ("versionId", "lastUpdated")}
    return {**found, **({"meta": meta} if meta else {})}


def as_xml_tells(node: Any) -> Any:
    """What XML cannot tell apart made the same: ways to write a narrative, and a list of nulls beside its extensions."""
    if isinstance(node, list):
        return [as_xml_tells(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: _canonical_xml(value) if key == "div" and isinstance(value, str) else as_xml_tells(value)
        for key, value in node.items()
        if not (isinstance(value, list) and all(one is None for one in value))
    }


def _canonical_xml(text: str) -> bytes:
    named = re.sub(r"&(?!amp;|lt;|gt;|quot;|apos;)(\w+);", lambda name: chr(name2codepoint[name[1]]), text)
    return bytes(etree.tostring(etree.fromstring(named.encode()), method="c14n"))


def one_of_each_type() -> Iterator[bytes]:
    """The first example of each file of fhirstarter's archive: of R4B, so not all of them are valid R4."""
    with zipfile.ZipFile(str(distribution("fhirstarter").locate_file(_ONE_PER_TYPE))) as opened:
        for name in sorted(opened.namelist()):
            found = fhir_json.decode(opened.read(name).replace(_R4B, _R4))
            yield from (fhir_json.encode(one["value"]) for one in list(found.values())[:1])


def all_examples() -> Iterator[bytes]:
    with tarfile.open(ALL_EXAMPLES) as opened:
        for member in opened:
            name = member.name.removeprefix("package/")
            if name.endswith(".json") and name != "package.json" and not name.startswith("."):
                content = opened.extractfile(member)
                assert content is not None
                yield content.read().removeprefix(b"\xef\xbb\xbf")
