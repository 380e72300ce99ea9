"""`keys list|issue|rotate|revoke`. A key's text goes to standard output alone: `KEY=$(fireside keys issue …)`."""

import argparse
from datetime import UTC, datetime, timedelta
from typing import Any

from cli import session
from cli.client import Api
from cli.commands.adding import Commands, add, group
from cli.errors import CommandError, Exit
from cli.finding import find_deployment
from cli.output import Output


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    those = group(commands, "keys", "List, issue, rotate and revoke API keys.")
    listing = add(those, shared, "list", list_all, "List a deployment's keys.")
    listing.add_argument("deployment", metavar="DEPLOYMENT")
    listing.add_argument("--all", action="store_true", help="revoked ones too")
    making = add(those, shared, "issue", issue, "Issue a key and print it: once, it cannot be shown again.")
    making.add_argument("deployment", metavar="DEPLOYMENT")
    making.add_argument("name", metavar="NAME")
    making.add_argument("--holder", default="", help="who has it")
    making.add_argument(
        "--access",
        default="read-only",
        help="full, read-only, or letters of cruds by type: Patient=rs,Observation=crs (%(default)s)",
    )
    making.add_argument("--days", type=int, help="how long it works; without: until it is revoked")
    making.add_argument("--network", action="append", default=[], help="from where alone it works (CIDR)")
    turning = add(those, shared, "rotate", rotate, "Print a second secret; the old one works on for a while.")
    turning.add_argument("deployment", metavar="DEPLOYMENT")
    turning.add_argument("key", metavar="KEY", help="the id of the key")
    turning.add_argument("--overlap-hours", type=int, default=24, help="how long (%(default)s)")
    ending = add(those, shared, "revoke", revoke, "Revoke keys: they are refused within a second, for ever.")
    ending.add_argument("deployment", metavar="DEPLOYMENT")
    ending.add_argument("key", metavar="KEY", nargs="+", help="the ids of the keys")


def list_all(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    live = None if given.all else "true"
    found = api.pages(f"deployments/{find_deployment(api, given.deployment)}/api-keys/", live=live)
    if not out.as_json:
        found = ({**one, "access": words_of(one["access"])} for one in found)
    out.items(found, ("id", "name", "holder", "access", "expires", "revoked", "last_used_at"))


def access_of(text: str) -> dict[str, Any]:
    """The API's form of what was typed. Raises CommandError."""
    if text in ("full", "read-only"):
        return {"kind": text}
    parts = [part.partition("=") for part in text.split(",")]
    if not all(name and letters for name, _, letters in parts):
        raise CommandError(
            "Write --access full, read-only, or types with letters of cruds: Patient=rs,Observation=crs.",
            Exit.USAGE,
        )
    return {"kind": "chosen", "types": {name.strip(): letters.strip() for name, _, letters in parts}}


def words_of(access: dict[str, Any]) -> str:
    """As `--access` takes it."""
    types = access.get("types") or {}
    return ",".join(f"{name}={letters}" for name, letters in types.items()) or str(access["kind"])


def issue(given: argparse.Namespace, out: Output) -> None:
    asked: dict[str, Any] = {
        "name": given.name,
        "holder": given.holder,
        "access": access_of(given.access),
        "networks": given.network,
    }
    if given.days is not None:
        asked["expires"] = _in_days(given.days)
    api = Api(session.load())
    made = api.post(f"deployments/{find_deployment(api, given.deployment)}/api-keys/", asked)
    _shown_once(out, made, f"The key {made['id']} is issued. Keep it now: it is not shown again.")


def _in_days(days: int) -> str:
    try:
        return (datetime.now(UTC) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise CommandError(f"There is no date {days} days from now. Leave --days out.", Exit.USAGE) from error


def _shown_once(out: Output, made: dict[str, Any], words: str) -> None:
    out.note(words)
    if out.as_json:
        out.value(made)
    else:
        out.line(made["key"])


def rotate(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    path = f"deployments/{find_deployment(api, given.deployment)}/api-keys/{given.key}/rotate/"
    made = api.post(path, {"overlap_hours": given.overlap_hours})
    _shown_once(out, made, f"The old secret of {made['id']} works for {given.overlap_hours} hours more.")


def revoke(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    path = f"deployments/{find_deployment(api, given.deployment)}/api-keys/revoke/"
    answer = api.post(path, {"ids": given.key})
    out.note(f"{answer['revoked']} of {len(given.key)} were live and are revoked.")
    if out.as_json:
        out.value(answer)
