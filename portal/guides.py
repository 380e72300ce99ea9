"""The guides under /docs/: a list of templates, the quick start first."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Guide:
    slug: str
    title: str
    summary: str
    sample: str = ""

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
INDEX = Guide("", "Documentation", "Guides to Fireside")
GUIDES = (
    Guide(
        "quick-start",
        "Quick start",
        "From signing up to your first FHIR request in ten minutes.",
        FIRST_REQUESTS,
    ),
    Guide("roles", "Tenants and roles", "Who may do what, and how to work as a team."),
)


def get_guide(slug: str) -> Guide | None:
    return next((guide for guide in (INDEX, *GUIDES) if guide.slug == slug), None)
