"""Adding a command to the parser."""

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING

from cli.output import Output

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands = object

Run = Callable[[argparse.Namespace, Output], None]
LONG_ENOUGH = 900.0


def add(
    commands: "Commands", shared: argparse.ArgumentParser, name: str, run: Run, words: str
) -> argparse.ArgumentParser:
    made = commands.add_parser(name, parents=[shared], help=words, description=words)
    made.set_defaults(run=run)
    return made


def group(commands: "Commands", name: str, words: str) -> "Commands":
    """A word that stands before others, as `keys` in `keys issue`."""
    made = commands.add_parser(name, help=words, description=words)
    made.set_defaults(parser=made)
    return made.add_subparsers(metavar="COMMAND")


def waits(command: argparse.ArgumentParser) -> None:
    command.add_argument("--wait", action="store_true", help="wait until the work is done, with its steps")
    command.add_argument(
        "--timeout", type=float, default=LONG_ENOUGH, metavar="SECONDS", help="the longest wait (%(default)g)"
    )
