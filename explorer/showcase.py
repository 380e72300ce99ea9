"""What the landing page shows: a search that was really sent, or an example of the catalogue where none can be."""

import json
from typing import Any

from django.conf import settings

from explorer.answers.brief import brief
from explorer.building.outgoing import Outgoing
from explorer.definitions.examples import example_text, example_titles
from explorer.sending import send
from explorer.snippets.curl import render_curl
from fhirspec.catalogue import CatalogueMissing
from portal.showcase import Showcase

QUERY = "Patient?gender=male&_count=5"
LOCAL = "127.0.0.1"
COLUMNS = ("Name", "Birth date", "Gender")
SHOWN_LINES = 48
LONGEST_LINE = 110
BACKSLASH = "\\"


def show_search(base: str, api_key: str) -> Showcase | None:
    """Send the search to a FHIR base of this installation; None when it does not answer 200 with a Bundle."""
    outgoing = Outgoing("GET", f"{base}/{QUERY}", (("Accept", "application/fhir+json"),))
    answer = send(outgoing, api_key, LOCAL)
    if answer.status != 200 or not answer.complete:
        return None
    bundle = json.loads(answer.body)
    patients = [entry["resource"] for entry in bundle.get("entry", []) if "resource" in entry]
    return Showcase(
        method="GET",
        url=f"/{QUERY}",
        curl=render_curl(outgoing),
        status=f"{answer.status} {answer.reason}",
        milliseconds=max(round(answer.duration), 1),
        body=_shown(bundle),
        columns=COLUMNS,
        rows=tuple(_row(patient) for patient in patients),
    )


def show_example() -> Showcase | None:
    """The specification's own example of a Patient, as a read would give it; None without a catalogue."""
    try:
        titles = example_titles("Patient")
    except CatalogueMissing:
        return None
    if not titles:
        return None
    patient = json.loads(example_text("Patient", titles[0].key))
    path = f"Patient/{patient['id']}"
    outgoing = Outgoing("GET", f"{settings.PUBLIC_URL}/fhir/your-deployment/r4/{path}", ())
    return Showcase("GET", f"/{path}", render_curl(outgoing), "Example", 0, _shown(patient))


def _row(patient: dict[str, Any]) -> tuple[str, ...]:
    return (brief(patient.get("name")), brief(patient.get("birthDate")), brief(patient.get("gender")))


def _shown(resource: dict[str, Any]) -> str:
    """The beginning of the answer, its long lines (narrative) cut."""
    lines = json.dumps(resource, indent=2, ensure_ascii=False).splitlines()
    shown = [_cut(line) for line in lines[:SHOWN_LINES]]
    return "\n".join(shown + (["…"] if len(lines) > SHOWN_LINES else []))


def _cut(line: str) -> str:
    """A long string's beginning, with its end mark, so that it still reads as JSON."""
    if len(line) <= LONGEST_LINE:
        return line
    return f'{line[:LONGEST_LINE].rstrip(BACKSLASH)}…"' + ("," if line.endswith(",") else "")
