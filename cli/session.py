"""Which Fireside one is signed in to, and with which token: a file that its owner alone can read."""

import json
import os
from dataclasses import dataclass
from pathlib import Path

from cli.errors import CommandError, Exit


@dataclass(frozen=True)
class Session:
    """Raises CommandError for what cannot be an address or a token: no request could be made with it."""

    url: str
    token: str

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")):
            raise CommandError(f"{self.url} is no address: begin it with https://.", Exit.USAGE)
        if not (self.token.isascii() and self.token.isprintable() and " " not in self.token):
            raise CommandError("This is no token: copy it whole, and nothing beside it.", Exit.USAGE)


def path() -> Path:
    """`$XDG_CONFIG_HOME/fireside/session.json` (XDG Base Directory Specification)."""
    base = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(base) / "fireside" / "session.json"


def save(session: Session) -> Path:
    """Written aside and renamed, with mode 0600 from its first byte on."""
    place = path()
    place.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    aside = place.with_suffix(".new")
    aside.unlink(missing_ok=True)
    with os.fdopen(os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump({"url": session.url, "token": session.token}, file)
    aside.replace(place)
    return place


def load() -> Session:
    """From FIRESIDE_URL and FIRESIDE_TOKEN where they are set, else from the file. Raises CommandError."""
    kept = _kept()
    url = os.environ.get("FIRESIDE_URL") or kept.get("url", "")
    # A token from the file goes to the address that it was given for, nowhere else.
    same = url.rstrip("/") == kept.get("url", "")
    token = os.environ.get("FIRESIDE_TOKEN", "").strip() or (kept.get("token", "") if same else "")
    if not url or not token:
        raise CommandError("You are not signed in. Use `fireside login`.", Exit.NOT_SIGNED_IN)
    return Session(url.rstrip("/"), token)


def forget() -> bool:
    """Whether there was anything to forget."""
    there = path().exists()
    path().unlink(missing_ok=True)
    return there


def _kept() -> dict[str, str]:
    try:
        kept = json.loads(path().read_text())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CommandError(f"{path()} cannot be read ({error}). Use `fireside login` again.") from error
    return {str(name): str(value) for name, value in kept.items()} if isinstance(kept, dict) else {}
