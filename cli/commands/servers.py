"""`servers list|check|add`: whose access tokens a deployment accepts."""

import argparse
import sys
from typing import Any

from cli import session
from cli.client import Api
from cli.commands.adding import Commands, add, group
from cli.errors import CommandError, Exit
from cli.finding import find_deployment
from cli.output import Output


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    those = group(commands, "servers", "List, check and add the identity providers of a deployment.")
    listing = add(those, shared, "list", list_all, "List whose tokens a deployment accepts.")
    listing.add_argument("deployment", metavar="DEPLOYMENT")
    checking = add(
        those, shared, "check", check, "Check an identity provider rule by rule; nothing is saved."
    )
    adding = add(those, shared, "add", save, "Check an identity provider and add it.")
    adding.add_argument("--name", required=True, help="what it is called here")
    for command in (checking, adding):
        command.add_argument("deployment", metavar="DEPLOYMENT")
        command.add_argument("issuer", metavar="ISSUER", help="exactly as the iss of its tokens has it")
        command.add_argument("--audience", default="", help="what aud must hold (the deployment's FHIR base)")
        command.add_argument(
            "--token-stdin", action="store_true", help="check a token too, from standard input"
        )


def _path(api: Api, given: argparse.Namespace) -> str:
    return f"deployments/{find_deployment(api, given.deployment)}/authentication-servers/"


def _asked(given: argparse.Namespace, name: str) -> dict[str, Any]:
    asked = {"name": name, "issuer": given.issuer, "audience": given.audience}
    # A token is never an argument, which other users of the machine could read.
    return {**asked, "token": sys.stdin.readline().strip()} if given.token_stdin else asked


def list_all(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    out.items(api.pages(_path(api, given)), ("id", "name", "kind", "enabled", "issuer", "audience"))


def check(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    findings = api.post(f"{_path(api, given)}check/", _asked(given, "Checked"))
    if out.as_json:
        out.value(findings)
    else:
        for rule in findings["rules"]:
            mark = "passed" if rule["passed"] else "look at it" if rule["warning"] else "FAILED"
            out.line(f"{mark:<10}  {rule['title']}" + (f": {rule['found']}" if rule["found"] else ""))
    if not findings["good"]:
        raise CommandError("It cannot be added like this.", Exit.FAILED)


def save(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    out.item(api.post(_path(api, given), _asked(given, given.name)), ("id", "name", "issuer", "jwks_uri"))
