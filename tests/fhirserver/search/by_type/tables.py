"""Tables of searches: what each is to find is written down from the rules of the specification, never taken from the engine.

Resources have ids of one letter, so that a set of them is a word: `abd`; `-` is none, `^ab` all that have a value but those.
"""

from typing import Any

from fhirserver import bulk
from fhirspec import json
from tests.fhirserver.client import Client

Resource = dict[str, Any]
Cases = dict[str, str]
# The modifiers that nothing with an order has: numbers, dates and quantities.
NOT_OF_RANGES = "exact contains not text in not-in above below of-type identifier iterate"


def loaded(client: Client, resource_type: str, by_id: dict[str, Resource], **shared: Any) -> Client:
    """Stores the resources by the production path; `shared` is what all of them hold."""
    resources = [{"resourceType": resource_type, "id": name, **shared, **one} for name, one in by_id.items()]
    # Through text, so that numbers are read with the digits that they were written in.
    bulk.load(client.partition, json.decode(json.encode(resources)), validate=True)
    return client


def by_prefix(parameter: str, valued: str, table: str) -> Cases:
    """A table with the prefixes in its head, and a value that leads each line. `eq` also goes without its prefix.

    `valued`: the ids of all that have a value.
    """
    head, *lines = [line.split() for line in table.strip().splitlines()]
    cases = {}
    for value, *sets in lines:
        words = [_but(valued, word) for word in sets]
        named = dict(zip(head[1:], words, strict=True))
        cases |= {f"{parameter}={prefix}{value}": word for prefix, word in named.items()}
        if "eq" in named:
            cases[f"{parameter}={value}"] = named["eq"]
    return cases


def by_modifier(parameter: str, table: Cases, valued: str = "") -> Cases:
    """Each line: a value, what it finds without a modifier, and with those that are named (`abc exact:a`)."""
    cases = {}
    for value, line in table.items():
        for word in line.split():
            modifier, colon, ids = word.rpartition(":")
            cases[f"{parameter}{colon}{modifier}={value}"] = _but(valued, ids)
    return cases


def by_refused_modifier(path: str, value: str, modifiers: str) -> Cases:
    """Each of the modifiers (`exact not`) with what refuses it; `path` ends with the parameter (`Patient?family`)."""
    parameter = path.rpartition("?")[2]
    return {
        f"{path}:{modifier}={value}": f"{parameter}: the modifier :{modifier} is not possible here"
        for modifier in modifiers.split()
    }


def _but(valued: str, word: str) -> str:
    return "".join(one for one in valued if one not in word) if word.startswith("^") else word


def found(client: Client, query: str) -> str:
    """The ids that a search finds, as one word; for what is refused, its status and reason."""
    answered = client.get(f"{query}&_count=100", prefer="handling=strict")
    if answered.status != 200:
        return f"{answered.status} {answered.json()['issue'][0]['diagnostics']}"
    return "".join(sorted(one["resource"]["id"] for one in answered.json().get("entry", []))) or "-"


def require_found(client: Client, cases: Cases) -> None:
    """Every search finds its set; all that do not are told at once."""
    wrong = {
        query: f"{got}, not {want}" for query, want in cases.items() if (got := found(client, query)) != want
    }
    assert not wrong, "\n".join(f"{query}: {one}" for query, one in wrong.items())


def require_refused(client: Client, cases: Cases) -> None:
    """Every search is 400, with these words in its reason."""
    wrong = {}
    for query, words in cases.items():
        answered = client.get(query, prefer="handling=strict")
        told = answered.json()["issue"][0]["diagnostics"] if answered.status == 400 else ""
        if answered.status != 400 or words not in told:
            wrong[query] = f"{answered.status} {told or answered.body[:200]!r}"
    assert not wrong, "\n".join(f"{query}: {one}" for query, one in wrong.items())
