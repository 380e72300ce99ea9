"""Addresses of a connected server become our endpoint's in what it answers, and ours become its own in what it is sent.

Only where FHIR has an address that is to be followed: `fullUrl`, `reference`, `location`, `url` (links of a Bundle, attachments,
files of an export) and `request` of an export's manifest. Whatever else holds the same letters stays: canonical addresses,
identifier systems, narrative, and each body that is no FHIR.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from urllib.parse import quote, unquote

# A definition's own name (https://hl7.org/fhir/R4/references.html#canonical) is no address to follow.
_CANONICAL = (
    b"(?:ActivityDefinition|CapabilityStatement|ChargeItemDefinition|CodeSystem|CompartmentDefinition|ConceptMap|"
    b"EffectEvidenceSynthesis|EventDefinition|Evidence|EvidenceVariable|ExampleScenario|GraphDefinition|ImplementationGuide|"
    b"Library|Measure|MessageDefinition|NamingSystem|OperationDefinition|PlanDefinition|Questionnaire|ResearchDefinition|"
    b"ResearchElementDefinition|RiskEvidenceSynthesis|SearchParameter|StructureDefinition|StructureMap|"
    b"TerminologyCapabilities|TestScript|ValueSet)"
)
_NAME = rb"/" + _CANONICAL + rb"/[A-Za-z0-9\-._]{1,128}(?:\|[A-Za-z0-9\-._]{0,32})?"
# What a match may take beside the address itself: key, spaces, and the look ahead.
_AROUND = 320
_FHIR = re.compile(r"application/(?:[a-z0-9.\-]+\+)?(json|xml|ndjson)|text/(json|xml)", re.IGNORECASE)

Rewrite = Callable[[bytes], bytes]


class Readdressing:
    """From any of the `old` bases to the `new` one (all without trailing slash)."""

    def __init__(self, old: Sequence[str], new: str) -> None:
        self._old, self._new = tuple(dict.fromkeys(old)), new.encode()
        self._longest = max(len(each) for each in self._old)

    def text(self, value: str) -> str:
        """One address, as in a header; any other text stays."""
        for old in self._old:
            if value == old or (value.startswith(old) and value[len(old)] in "/?#"):
                return self._new.decode() + value[len(old) :]
        return value

    def query(self, query: str) -> str:
        """The values of a query or a form, encoded or not: each that is one of our addresses."""
        return "&".join(self._pair(pair) for pair in query.split("&")) if query else query

    def _pair(self, pair: str) -> str:
        name, mark, value = pair.partition("=")
        plain = unquote(value)
        if re.search(_NAME.decode() + "$", plain):
            return pair
        parts = [self.text(part) for part in plain.split(",")]
        moved = ",".join(parts)
        return pair if moved == plain else f"{name}{mark}{quote(moved, safe='/:?,|$')}"

    def whole(self, body: bytes, media_type: str) -> bytes:
        return b"".join(self.parts(iter((body,)), media_type))

    def parts(self, parts: Iterator[bytes], media_type: str) -> Iterator[bytes]:
        """The body in parts, of a memory that does not grow with it."""
        kind = _FHIR.match(media_type)
        if kind is None:
            return parts
        form = _in_xml if "xml" in kind.group(0).lower() else _in_json
        return self._rewritten(parts, re.compile(form(self._old)))

    def _rewritten(self, parts: Iterator[bytes], pattern: re.Pattern[bytes]) -> Iterator[bytes]:
        held, reach = b"", self._longest * 2 + _AROUND
        for part in parts:
            held += part
            sure = len(held) - reach
            if sure <= 0:
                continue
            # Whatever begins before `sure` can be decided; the rest waits for what follows.
            out, done = [], 0
            for match in pattern.finditer(held):
                if match.start() >= sure:
                    break
                out += [held[done : match.start()], match.group(1), self._new]
                done = match.end()
            end = max(done, sure)
            yield b"".join([*out, held[done:end]])
            held = held[end:]
        if held:
            yield pattern.sub(lambda match: match.group(1) + self._new, held)


def _bases(old: Sequence[str]) -> bytes:
    """Some writers of JSON put a backslash before each slash."""
    longest_first = sorted(old, key=len, reverse=True)
    return b"|".join(re.escape(each.encode()).replace(b"/", rb"\\?/") for each in longest_first)


def _in_json(old: Sequence[str]) -> bytes:
    space = rb"[ \t\r\n]{0,32}"
    followed = rb'(?=["?#]|\\?/)'
    key = b'"(?:fullUrl|reference|location|request)"' + space + b":" + space + b'"'
    url = b'"url"' + space + b":" + space + b'"'
    bases = _bases(old)
    canonical = b"(?!(?:" + bases + b")" + _NAME + b'")'
    return b"(" + key + b"|" + url + canonical + b")(?:" + bases + b")" + followed


def _in_xml(old: Sequence[str]) -> bytes:
    start = rb"<(?:[A-Za-z]{1,16}:)?"
    value = rb"[ \t\r\n]{1,32}value[ \t]{0,8}=[ \t]{0,8}[\"']"
    bases = _bases(old)
    canonical = b"(?!(?:" + bases + b")" + _NAME + b"[\"'])"
    named = start + b"(?:fullUrl|reference|location)" + value
    url = start + b"url" + value + canonical
    return b"(" + named + b"|" + url + b")(?:" + bases + b")" + rb"(?=[\"'/?#])"
