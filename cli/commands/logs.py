"""`logs tail`: the last requests of a deployment, and with -f those that come."""

import argparse
import json
import time
from collections.abc import Iterator
from typing import Any

from cli import session
from cli.client import Api
from cli.commands.adding import Commands, add, group
from cli.finding import find_deployment
from cli.output import Output, local_time, printable

EVERY = 1.0
FILTERS = ("status", "interaction", "credential", "patient")


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    those = group(commands, "logs", "The requests of a deployment.")
    tailing = add(those, shared, "tail", tail, "Show the last requests, oldest first.")
    tailing.add_argument("deployment", metavar="DEPLOYMENT")
    tailing.add_argument("-f", "--follow", action="store_true", help="go on with those that come")
    tailing.add_argument(
        "-n", "--lines", type=int, default=20, help="how many of those before, 50 at most (20)"
    )
    tailing.add_argument("--status", help="403, or 4 for all 4xx")
    tailing.add_argument("--interaction", help="as read or search-type")
    tailing.add_argument("--credential", help="a key's prefix, a client id, or part of the name")
    tailing.add_argument("--patient", help="the id of a patient whom the request names")


def tail(given: argparse.Namespace, out: Output) -> None:
    api = Api(session.load())
    path = f"deployments/{find_deployment(api, given.deployment)}/logs/"
    wanted = {name: getattr(given, name) for name in FILTERS}
    page = api.get(path, **wanted)
    for line in reversed(page["results"][: max(given.lines, 0)]):
        _show(out, line)
    if given.follow:
        for line in _coming(api, path, wanted, page["newer"]):
            _show(out, line)


def _coming(api: Api, path: str, wanted: dict[str, Any], after: int) -> Iterator[dict[str, Any]]:
    """Without end: the reader stops it with Ctrl-C."""
    while True:
        page = api.get(path, after=after, **wanted)
        yield from page["results"]
        after = page["newer"]
        if not page["results"]:
            time.sleep(EVERY)


def _show(out: Output, line: dict[str, Any]) -> None:
    """One line a request; with --json one JSON object a line, so that a program can follow."""
    if out.as_json:
        out.line(json.dumps(line, ensure_ascii=False))
        return
    query = f"?{line['query']}" if line["query"] else ""
    who = line["credential_name"] or line["credential"] or "-"
    text = (
        f"{local_time(line['time'])}  {line['status']}  {line['method']:<6} {line['path']}{query}"
        f"  {line['milliseconds']:g} ms  {who}  {line['trace_id']}"
    )
    out.line(printable(text))
