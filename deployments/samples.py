"""Request samples for a deployment's overview, ready to paste. The secret is always a variable of the shell."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Sample:
    label: str
    language: str
    code: str


CURL = """\
export FHIR_API_KEY=…   # Credentials → Create API key
curl -H "x-api-key: $FHIR_API_KEY" \\
  '{base}/Patient?gender=male&_count=5'
"""
OAUTH = """\
# A backend service of this deployment (OAuth 2.0 → Applications) and its secret
TOKEN=$(curl -s -u "$CLIENT_ID:$CLIENT_SECRET" \\
  -d grant_type=client_credentials -d 'scope=system/Patient.rs' \\
  '{issuer}/token' | python3 -c 'import json, sys; print(json.load(sys.stdin)["access_token"])')
curl -H "Authorization: Bearer $TOKEN" '{base}/Patient?_count=5'
"""
PYTHON = """\
import os
import httpx

client = httpx.Client(
    base_url="{base}",
    headers={{"x-api-key": os.environ["FHIR_API_KEY"]}},
)
bundle = client.get("/Patient", params={{"gender": "male", "_count": 5}}).raise_for_status().json()
for entry in bundle.get("entry", []):
    print(entry["resource"]["id"])
"""
JAVASCRIPT = """\
const response = await fetch("{base}/Patient?gender=male&_count=5", {{
  headers: {{ "x-api-key": process.env.FHIR_API_KEY }},
}});
const bundle = await response.json();
for (const entry of bundle.entry ?? []) console.log(entry.resource.id);
"""


def list_samples(fhir_base: str, issuer: str) -> list[Sample]:
    return [
        Sample("curl", "bash", CURL.format(base=fhir_base)),
        Sample("Python", "python", PYTHON.format(base=fhir_base)),
        Sample("JavaScript", "javascript", JAVASCRIPT.format(base=fhir_base)),
        Sample("curl with OAuth 2.0", "bash", OAUTH.format(base=fhir_base, issuer=issuer)),
    ]
