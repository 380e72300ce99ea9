"""`deployments list|show|create|start|stop|delete`, `jobs`."""

import argparse
import sys
from typing import Any

from cli import session
from cli.client import Api
from cli.commands.adding import Commands, add, group, waits
from cli.errors import CommandError, Exit
from cli.finding import find_deployment, only_tenant, shut_words
from cli.output import Output
from cli.waiting import wait_for_state

SHORT = ("id", "name", "tenant", "state", "size", "region", "service_level")
LONG = (
    "id",
    "name",
    "tenant",
    "state",
    "state_reason",
    "size",
    "region",
    "fhir_base",
    "oauth_issuer",
    "expires",
)


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    those = group(commands, "deployments", "List, create, start, stop and delete deployments.")
    listing = add(those, shared, "list", list_all, "List deployments, newest first.")
    listing.add_argument("--tenant", metavar="SLUG", help="only those of this tenant")
    listing.add_argument("--state", help="only those in this state, as RUNNING")
    _named(add(those, shared, "show", show, "Show one deployment with its addresses."))
    _register_create(those, shared)
    for name, run, words in (
        ("start", start, "Start a stopped deployment."),
        ("stop", stop, "Stop it: its endpoint answers 503, its data is kept."),
        ("delete", delete, "Delete a deployment with its data, keys and applications."),
    ):
        command = add(those, shared, name, run, words)
        _named(command)
        waits(command)
        if name == "delete":
            command.add_argument("--yes", action="store_true", help="do not ask for the name")
    jobs = add(commands, shared, "jobs", list_jobs, "List the background work of a deployment, newest first.")
    _named(jobs)
    jobs.add_argument("--state", help="only those in this state, as FAILED")


def _register_create(those: Commands, shared: argparse.ArgumentParser) -> None:
    making = add(those, shared, "create", create, "Create a deployment.")
    making.add_argument("name", metavar="NAME")
    making.add_argument("--tenant", metavar="SLUG", help="needed when you belong to several")
    making.add_argument("--size", default="xs", help="xs, s, m, l or xl (%(default)s)")
    making.add_argument("--region", default="local", help="where its data lives (%(default)s)")
    making.add_argument("--preset", default="", help="data to begin with, as synthea-5")
    making.add_argument("--level", default="development", help="development, test or live (%(default)s)")
    making.add_argument("--high-availability", action="store_true", help="with a standby server")
    waits(making)


def _named(command: argparse.ArgumentParser) -> None:
    command.add_argument("deployment", metavar="DEPLOYMENT", help="its id or its name")


def list_all(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    out.items(api.pages("deployments/", tenant=given.tenant, state=given.state), SHORT)
    if not given.tenant and (left_out := shut_words(api)):
        out.note(left_out)


def show(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    out.item(api.get(f"deployments/{find_deployment(api, given.deployment)}/"), LONG)


def create(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    asked = {
        "tenant": given.tenant or only_tenant(api),
        "name": given.name,
        "size": given.size,
        "region": given.region,
        "preset": given.preset,
        "service_level": given.level,
        "high_availability": given.high_availability,
    }
    made = api.post("deployments/", asked)
    _finish(api, out, given, made)


def _finish(api: Api, out: Output, given: argparse.Namespace, deployment: dict[str, Any]) -> None:
    if given.wait:
        rested = wait_for_state(api, out, deployment["id"], given.timeout)
        if rested is None:
            out.note(f"{deployment['name']} is deleted.")
            return
        deployment = rested
    out.item(deployment, LONG)


def _order(given: argparse.Namespace, out: Output, order: str) -> None:
    api = Api(session.load())
    found = find_deployment(api, given.deployment)
    _finish(api, out, given, api.post(f"deployments/{found}/{order}/"))


def start(given: argparse.Namespace, out: Output) -> None:
    _order(given, out, "start")


def stop(given: argparse.Namespace, out: Output) -> None:
    _order(given, out, "stop")


def delete(given: argparse.Namespace, out: Output) -> None:
    """Asks for the name, as the page does; `--yes` is for scripts."""
    api = Api(session.load())
    deployment = api.get(f"deployments/{find_deployment(api, given.deployment)}/")
    if not given.yes:
        if not sys.stdin.isatty():
            raise CommandError("Nobody can be asked here: say --yes.", Exit.USAGE)
        if input(f"Everything in it is lost. Type {deployment['name']} to confirm: ") != deployment["name"]:
            raise CommandError("This is not the name. Nothing was deleted.", Exit.USAGE)
    _finish(api, out, given, api.delete(f"deployments/{deployment['id']}/", confirm=deployment["name"]))


def list_jobs(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    found = api.pages(f"deployments/{find_deployment(api, given.deployment)}/jobs/", state=given.state)
    out.items(found, ("id", "kind", "state", "created", "finished", "error"))
