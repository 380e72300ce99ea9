"""Whether a document is OpenAPI: by the schemas of the specification that drf-spectacular has with it.

Its own `validate_schema` takes most of a minute for the two megabytes of a deployment's document; this takes milliseconds.
"""

import json
from pathlib import Path
from typing import Any

import drf_spectacular.validation
from jsonschema_rs import validator_for

_SCHEMAS = Path(drf_spectacular.validation.__file__).parent


def check_openapi(document: dict[str, Any]) -> None:
    """Raises jsonschema_rs.ValidationError."""
    major, minor, _ = document["openapi"].split(".")
    schema = json.loads((_SCHEMAS / f"openapi_{major}_{minor}_schema.json").read_text())
    validator_for(schema).validate(json.loads(json.dumps(document)))
