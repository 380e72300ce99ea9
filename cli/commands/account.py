"""`login`, `logout`, `whoami`, `tenants`."""

import argparse
import getpass
import os
import sys
from dataclasses import replace

from cli import session
from cli.client import Api
from cli.commands.adding import Commands, add
from cli.errors import CommandError, Exit
from cli.output import Output
from cli.session import Session

DEFAULT_URL = "http://localhost:8000"


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    signing = add(commands, shared, "login", login, "Keep a token, made on the page Account, Tokens.")
    signing.add_argument("--url", help=f"the address of Fireside (FIRESIDE_URL, else {DEFAULT_URL})")
    signing.add_argument("--token-stdin", action="store_true", help="read the token from standard input")
    add(commands, shared, "logout", logout, "Forget the token on this machine.")
    add(commands, shared, "whoami", whoami, "Say who is signed in, where, and what the token may do.")
    add(commands, shared, "tenants", tenants, "List the tenants that you belong to.")


def login(given: argparse.Namespace, out: Output) -> None:
    """The token is asked for without echo; it is never an argument, which other users of the machine could read."""
    url = (given.url or os.environ.get("FIRESIDE_URL") or DEFAULT_URL).rstrip("/")
    made = Session(url, "")
    if given.token_stdin or not sys.stdin.isatty():
        token = sys.stdin.readline().strip()
    else:
        out.note(f"Make a token at {url}/account/tokens/ and paste it here.")
        token = getpass.getpass("Token: ").strip()
    if not token:
        raise CommandError("There was no token.", Exit.USAGE)
    made = replace(made, token=token)
    me = Api(made).get("me/")
    place = session.save(made)
    out.note(f"Signed in to {url} as {me['email']}; the token is in {place}.")
    if out.as_json:
        out.value(me)


def logout(given: argparse.Namespace, out: Output) -> None:
    if session.forget():
        out.note("The token is forgotten here. Revoke it at Account, Tokens, if it is not needed elsewhere.")
    else:
        out.note("You were not signed in.")


def whoami(given: argparse.Namespace, out: Output) -> None:
    held = session.load()
    me = {"url": held.url, **Api(held).get("me/")}
    told = ("url", "email", "name", "token", "token_role", "token_tenant", "token_expires")
    out.item(me, (*told, "shut_tenants"))


def tenants(given: argparse.Namespace, out: Output) -> None:
    out.items(Api(session.load()).pages("tenants/"), ("slug", "name", "created"))
