"""What is looked for, as a phrase: "male patients born after 1980", "a final observation whose code is 8867-4"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z][a-z]*|\d+")
_WITH_AN = "aeiou"
ANYTHING = "resource"


@dataclass(frozen=True)
class Part:
    """One condition: what stands before the noun (`male`), or after it (`born after 1980`)."""

    before: str = ""
    after: str = ""


def noun(resource_type: str) -> str:
    """`MedicationRequest` as people say it: medication request."""
    return " ".join(_WORD.findall(resource_type)).lower() or ANYTHING


def plural(words: str) -> str:
    if words.endswith("y") and words[-2:-1] not in _WITH_AN:
        return f"{words[:-1]}ies"
    return f"{words}es" if words.endswith(("s", "ch", "x")) else f"{words}s"


def many(name: str, parts: Sequence[Part]) -> str:
    """Any number of `name`, an already plural noun."""
    return _phrase(name, parts)


def one(resource_type: str, parts: Sequence[Part]) -> str:
    """One of them, with its article; of a type that is not known: one."""
    words = _phrase(noun(resource_type) if resource_type else "one", parts)
    if not resource_type and not any(part.before for part in parts):
        return words
    return f"{'an' if words[0].lower() in _WITH_AN else 'a'} {words}"


def _phrase(name: str, parts: Sequence[Part]) -> str:
    before = [part.before for part in parts if part.before]
    after = [part.after for part in parts if part.after]
    return " ".join([*before, name, *([" and ".join(after)] if after else [])])
