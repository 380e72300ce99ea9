"""`completion bash|zsh`: what Tab offers, made from the commands themselves."""

import argparse
from collections.abc import Iterator

from cli.commands.adding import Commands, add
from cli.output import Output

_SCRIPT = """\
_fireside() {{
  local words=() word
  for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do [[ $word == -* ]] || words+=("$word"); done
  case "${{words[0]:-}} ${{words[1]:-}}" in
{cases}
    *) COMPREPLY=($(compgen -f -- "${{COMP_WORDS[COMP_CWORD]}}")) ;;
  esac
}}
complete -o filenames -F _fireside fireside
"""
_CASE = '    {pattern}) COMPREPLY=($(compgen {files}-W "{choices}" -- "${{COMP_WORDS[COMP_CWORD]}}")) ;;'


def register(commands: Commands, shared: argparse.ArgumentParser) -> None:
    made = add(
        commands,
        shared,
        "completion",
        show,
        'Print what completes commands: eval "$(fireside completion bash)".',
    )
    made.add_argument("shell", choices=["bash", "zsh"], metavar="SHELL", help="bash or zsh")


def show(given: argparse.Namespace, out: Output) -> None:
    script = _SCRIPT.format(cases="\n".join(_cases(given.parser, ())))
    out.line(("autoload -U +X bashcompinit && bashcompinit\n" if given.shell == "zsh" else "") + script)


def _cases(parser: argparse.ArgumentParser, words: tuple[str, ...]) -> Iterator[str]:
    """One for each command: the first two words say which it is."""
    inner = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    for action in inner:
        yield _CASE.format(pattern=f'"{" ".join(words) or ""} "', files="", choices=" ".join(action.choices))
        for name, one in action.choices.items():
            yield from _cases(one, (*words, name))
    if not inner:
        options = [
            name for action in parser._actions for name in action.option_strings if name.startswith("--")
        ]
        pattern = f'"{" ".join(words)}"' if len(words) > 1 else f'"{words[0]} "*'
        yield _CASE.format(pattern=pattern, files="-f ", choices=" ".join(options))
