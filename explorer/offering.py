"""Examples of a resource type: official ones, what the server itself holds, and what the person saved."""

from dataclasses import dataclass
from urllib.parse import urlencode

from explorer import definitions
from explorer.answers.decoding import decode_answer
from explorer.bench import Bench
from explorer.building.check import json_problem
from explorer.building.criteria import parse_query
from explorer.building.draft import Draft
from explorer.collecting import list_saved
from explorer.definitions import ExampleTitle
from explorer.execution import open_draft, prepare
from explorer.held import Held
from explorer.sending import send
from explorer.targets import target_url
from portal.models import User
from portal.outbound import OutboundError

_OWN = {"own": "The newest held here", "own-2": "The second newest", "own-3": "The third newest"}
_SAVED = "saved-"
MOST_SAVED = 20


@dataclass(frozen=True)
class ExampleGroup:
    label: str
    titles: tuple[ExampleTitle, ...]


@dataclass(frozen=True)
class Example:
    """`editor` is the address that puts it into the editor. `problem` says why there is none; then `text` is empty."""

    key: str
    text: str = ""
    editor: str = ""
    problem: str = ""


def example_groups(bench: Bench, user: User) -> list[ExampleGroup]:
    groups = [ExampleGroup("Official", definitions.example_titles(bench.resource_type))]
    if any(each.key == "search" for each in bench.operations):
        groups.append(ExampleGroup("Held here", tuple(ExampleTitle(*each) for each in _OWN.items())))
    saved = list_saved(bench.deployment, user).filter(resource_type=bench.resource_type)[:MOST_SAVED]
    with_body = [each for each in saved if (draft := open_draft(each.sealed)) and draft.body.strip()]
    titles = tuple(ExampleTitle(f"{_SAVED}{each.pk}", each.name) for each in with_body)
    return groups + ([ExampleGroup("Saved", titles)] if titles else [])


def find_example(bench: Bench, user: User, held: Held | None, client_address: str, key: str) -> Example:
    """The example of that key; the first official one for a key that is not known."""
    if key in _OWN:
        return _own(bench, held, client_address, key)
    if key.startswith(_SAVED) and key.removeprefix(_SAVED).isdecimal():
        return _saved(bench, user, key)
    titles = definitions.example_titles(bench.resource_type)
    known = key if key in {each.key for each in titles} else ""
    text = definitions.example_text(bench.resource_type, known)
    shown = known or titles[0].key
    editor = f"{bench.url}?{urlencode({'.do': 'create', '.example': shown})}" if bench.operations else ""
    return Example(shown, text, editor)


def _own(bench: Bench, held: Held | None, client_address: str, key: str) -> Example:
    """Asked for with the credential in use: an example shows nothing that its reader may not see."""
    asked = Draft("search", bench.resource_type, criteria=parse_query("_sort=-_lastUpdated&_count=3"))
    attempt = prepare(bench, asked, (), held)
    try:
        answer = send(attempt.request, held.text if held else "", client_address)
    except OutboundError as error:
        return Example(key, problem=str(error))
    if answer.status == 401:
        return Example(key, problem="Authorize first: what is held here is read with your own credential.")
    found = decode_answer(answer)
    if answer.status != 200 or not isinstance(found, dict):
        return Example(key, problem=f"The server answered {answer.status} {answer.reason}.")
    held_here = [each["resource"] for each in found.get("entry", ()) if "resource" in each]
    place = list(_OWN).index(key)
    if place >= len(held_here):
        return Example(key, problem=f"There are {len(held_here) or 'none'} that this credential can see.")
    resource = held_here[place]
    editor = target_url(bench.deployment, "edit", bench.resource_type)
    text = definitions.indent_json(resource)
    return Example(key, text, f"{editor}?{urlencode({'id': resource.get('id', '')})}")


def _saved(bench: Bench, user: User, key: str) -> Example:
    number = key.removeprefix(_SAVED)
    found = list_saved(bench.deployment, user).filter(pk=int(number[:18])).first()
    draft = open_draft(found.sealed) if found else None
    if draft is None or draft.resource_type != bench.resource_type:
        return Example(key, problem="This saved request is gone.")
    if json_problem(draft.body) or not draft.body.lstrip().startswith("{"):
        return Example(key, problem="What was saved is no JSON: it opens under Saved and shared.")
    return Example(key, draft.body, target_url(bench.deployment, "open-saved", number))
