"""The command line: what was typed becomes one call of a command."""

import argparse
import sys
from collections.abc import Sequence

from cli import VERSION
from cli.commands import account, completion, data, deployments, keys, logs, servers
from cli.errors import CommandError, Exit
from cli.output import Output

EPILOGUE = (
    "Guide: /docs/cli/ of your Fireside. FIRESIDE_URL and FIRESIDE_TOKEN take the place of `fireside login`."
)


def parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    words = "write JSON instead of a table"
    # Before the command or after it: the one after it says nothing where it is not given.
    shared.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=words)
    made = argparse.ArgumentParser(
        prog="fireside", description="Fireside on the command line.", epilog=EPILOGUE
    )
    made.add_argument("--json", action="store_true", help=words)
    made.add_argument("--version", action="version", version=f"fireside {VERSION}")
    made.set_defaults(parser=made)
    commands = made.add_subparsers(metavar="COMMAND")
    for part in (account, deployments, keys, servers, data, logs, completion):
        part.register(commands, shared)
    return made


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    given = parser().parse_args(arguments)
    if not hasattr(given, "run"):
        # Only the first word of a command: what can follow says more than an error would.
        given.parser.print_help(sys.stderr)
        return int(Exit.USAGE)
    out = Output(as_json=given.json)
    try:
        given.run(given, out)
    except CommandError as error:
        out.error(error)
        return int(error.code)
    except KeyboardInterrupt:
        out.settle()
        return 130
    except BrokenPipeError:
        # The reader of our output is gone, as with `| head`.
        sys.stderr.close()
        return int(Exit.DONE)
    return int(Exit.DONE)


def run() -> None:
    """The console script."""
    sys.exit(main())
