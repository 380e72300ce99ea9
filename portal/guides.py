"""The guides under /docs/: a list of templates, the quick start first."""

from dataclasses import dataclass
from pathlib import Path

EXAMPLES = Path(__file__).resolve().parents[1] / "docs" / "examples"


def read_example(name: str) -> str:
    """A file of docs/examples: what a guide shows is what the tests run."""
    return (EXAMPLES / name).read_text()


@dataclass(frozen=True)
class Guide:
    """`samples`: (label, language, code) where one is not enough."""

    slug: str
    title: str
    summary: str
    sample: str = ""
    samples: tuple[tuple[str, str, str], ...] = ()

    @property
    def template(self) -> str:
        return f"docs/{self.slug or 'index'}.html"


FIRST_REQUESTS = """\
export FHIR_BASE=…   # the deployment's FHIR base, from its Overview
export FHIR_API_KEY=…

curl -X POST "$FHIR_BASE/Patient" \\
  -H "x-api-key: $FHIR_API_KEY" \\
  -H "Content-Type: application/fhir+json" \\
  -d '{"resourceType": "Patient", "gender": "male", "name": [{"family": "Holm"}]}'

curl "$FHIR_BASE/Patient?gender=male" -H "x-api-key: $FHIR_API_KEY"
"""

REQUESTS = """\
# read, and one earlier version
curl "$FHIR_BASE/Patient/$ID" -H "x-api-key: $FHIR_API_KEY"
curl "$FHIR_BASE/Patient/$ID/_history/1" -H "x-api-key: $FHIR_API_KEY"

# search: born after 1980, newest change first, ten a page
curl "$FHIR_BASE/Patient?birthdate=gt1980&_sort=-_lastUpdated&_count=10" -H "x-api-key: $FHIR_API_KEY"

# update only the version you know, delete
curl -X PUT "$FHIR_BASE/Patient/$ID" -H "x-api-key: $FHIR_API_KEY" -H 'If-Match: W/"1"' \\
  -H "Content-Type: application/fhir+json" -d @patient.json
curl -X DELETE "$FHIR_BASE/Patient/$ID" -H "x-api-key: $FHIR_API_KEY"
"""
PATCHES = """\
# JSON Merge Patch: what you name is replaced, null removes it, the rest stays
curl -X PATCH "$FHIR_BASE/Patient/$ID" -H "x-api-key: $FHIR_API_KEY" \\
  -H "Content-Type: application/merge-patch+json" \\
  -d '{"gender": "male", "birthDate": null, "maritalStatus": {"text": "Married"}}'

# JSON Patch: one step after the other, also inside a list
curl -X PATCH "$FHIR_BASE/Patient/$ID" -H "x-api-key: $FHIR_API_KEY" \\
  -H "Content-Type: application/json-patch+json" \\
  -d '[{"op": "test", "path": "/gender", "value": "male"}, {"op": "add", "path": "/name/0/given", "value": ["Jo"]}]'

# FHIRPath Patch: the element is named by a path
curl -X PATCH "$FHIR_BASE/Patient/$ID" -H "x-api-key: $FHIR_API_KEY" \\
  -H "Content-Type: application/fhir+json" \\
  -d '{"resourceType": "Parameters", "parameter": [{"name": "operation", "part": [
        {"name": "type", "valueCode": "replace"}, {"name": "path", "valueString": "Patient.gender"},
        {"name": "value", "valueCode": "female"}]}]}'
"""
FILES = """\
curl -X PUT "$FHIR_BASE/Binary/letter-7" -H "x-api-key: $FHIR_API_KEY" \\
  -H "Content-Type: application/pdf" -H "X-Security-Context: Patient/1" --data-binary @letter.pdf
curl "$FHIR_BASE/Binary/letter-7" -H "x-api-key: $FHIR_API_KEY" -o letter.pdf
curl "$FHIR_BASE/Binary/letter-7" -H "x-api-key: $FHIR_API_KEY" -H "Accept: application/fhir+json"
"""
SEARCHES = """\
# -G with --data-urlencode spares you to write %20 and %7C
curl -G "$FHIR_BASE/Observation" -H "x-api-key: $FHIR_API_KEY" \\
  --data-urlencode 'code=http://loinc.org|8480-6' --data-urlencode 'subject:Patient.name=holm' -d _sort=-date -d _count=10

curl -G "$FHIR_BASE/Patient" -H "x-api-key: $FHIR_API_KEY" \\
  --data-urlencode '_filter=gender eq male and (family sw "hol" or birthdate gt 1980)'
"""
OAUTH = """\
# a backend service with a client secret: token, then request
TOKEN=$(curl -s "$OAUTH_TOKEN_ENDPOINT" -u "$CLIENT_ID:$CLIENT_SECRET" \\
  -d grant_type=client_credentials -d "scope=system/Patient.rs" | python3 -c 'import json,sys; print(json.load(sys.stdin)["access_token"])')

curl "$FHIR_BASE/Patient" -H "Authorization: Bearer $TOKEN"
"""
SMALLEST_APP = read_example("smallest-smart-app.html")
AUTHENTICATION = """\
# an API key, in a header of its own
curl "$FHIR_BASE/Patient?_count=1" -H "x-api-key: $FHIR_API_KEY"

# an access token of OAuth 2.0
curl "$FHIR_BASE/Patient?_count=1" -H "Authorization: Bearer $FHIR_TOKEN"

# what needs neither
curl "$FHIR_BASE/metadata"
curl "$FHIR_BASE/.well-known/smart-configuration"
"""
VALIDATE = """\
curl -X POST "$FHIR_BASE/Patient/\\$validate?profile=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient" \\
  -H "x-api-key: $FHIR_API_KEY" -H "Content-Type: application/fhir+json" -d @patient.json
"""
COMMAND_LINE = """\
fireside login --url https://fireside.example      # asks for a token from Account, Tokens

fireside deployments create "Ward 7" --preset synthea-5 --wait
export FHIR_API_KEY=$(fireside keys issue "Ward 7" "Lab import" --access Patient=rs,Observation=crs --days 90)

fireside load file "Ward 7" patients.ndjson --wait
fireside logs tail "Ward 7" --follow --status 4
"""
INDEX = Guide("", "Documentation", "Guides to Fireside")
GUIDES = (
    Guide(
        "quick-start",
        "Quick start",
        "From signing up to your first FHIR request in ten minutes.",
        FIRST_REQUESTS,
    ),
    Guide(
        "authentication",
        "Authentication",
        "API key or token: which to take, and how to send it.",
        AUTHENTICATION,
    ),
    Guide("roles", "Tenants and roles", "Who may do what, and how to work as a team."),
    Guide("api-keys", "API keys", "Make one, use it, rotate it, revoke it."),
    Guide("oauth", "OAuth 2.0 and SMART", "Register an application and get a token.", OAUTH),
    Guide(
        "smart-app",
        "The smallest SMART application",
        "One file that a patient lets see their record.",
        SMALLEST_APP,
    ),
    Guide(
        "requests",
        "FHIR requests",
        "Read, search, create and change resources with curl.",
        REQUESTS,
        (("A file in and out", "bash", FILES), ("Three kinds of patch", "bash", PATCHES)),
    ),
    Guide("search", "Search by example", "Parameters, chains, composites, places and filters.", SEARCHES),
    Guide(
        "everything",
        "A whole record",
        "$everything of a patient, in one stream or in pages.",
        read_example("everything.sh"),
    ),
    Guide(
        "bulk",
        "Bulk data",
        "$export: many records as files, one resource a line.",
        read_example("bulk-export.sh"),
    ),
    Guide("errors", "Errors", "Every status and code, what it means, and what to do."),
    Guide(
        "sdks",
        "Client libraries",
        "fhirpy, fhirclient and Medplum's client, each in twenty lines that run.",
        samples=(
            ("fhirpy (Python)", "python", read_example("sdk-fhirpy.py")),
            ("fhirclient (JavaScript)", "javascript", read_example("sdk-fhirclient.mjs")),
            ("Medplum's client (JavaScript)", "javascript", read_example("sdk-medplum.mjs")),
        ),
    ),
    Guide(
        "guides", "Implementation guides", "Install US Core or another guide, and validate by it.", VALIDATE
    ),
    Guide("cli", "Command line", "Deploy, issue keys, load data and follow logs from a shell.", COMMAND_LINE),
    Guide(
        "webhooks",
        "Webhooks",
        "Be told what happens in a tenant, and check that Fireside says it.",
        samples=(("A receiver (Python)", "python", read_example("webhook-receiver.py")),),
    ),
    Guide("plans", "Plans and limits", "The trial, the sizes, and what happens at a limit."),
)


def get_guide(slug: str) -> Guide | None:
    return next((guide for guide in (INDEX, *GUIDES) if guide.slug == slug), None)
