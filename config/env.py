"""Settings read from the environment. Each name here has a row in the README's settings table."""

import json
import os
import secrets
from pathlib import Path

import environ
from cryptography.fernet import Fernet

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()


def home() -> Path:
    """FIRESIDE_HOME: where an installation keeps its databases, catalogue, mail and secrets."""
    path = Path(os.environ.get("FIRESIDE_HOME", "var"))
    path = path if path.is_absolute() else BASE_DIR / path
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    return path


def generated_secrets(path: Path) -> dict[str, str]:
    """Secrets of a development installation: made once, kept in a file that only its owner may read."""
    if not path.exists():
        made = {"secret_key": secrets.token_urlsafe(50), "field_key": Fernet.generate_key().decode()}
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return generated_secrets(path)
        with os.fdopen(descriptor, "w") as file:
            json.dump(made, file)
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def region_databases(default: str) -> dict[str, str]:
    """FIRESIDE_REGIONS: `name=database-url` pairs separated by spaces; each becomes a region's store."""
    text = os.environ.get("FIRESIDE_REGIONS") or default
    return dict(pair.split("=", 1) for pair in text.split())
