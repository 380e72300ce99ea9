"""The example beside the schema: official, saved, or a record that the target holds."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import content_disposition_header

from explorer.bench import Bench
from explorer.building.draft import Draft
from explorer.building.outgoing import MEDIA_TYPES
from explorer.foreign import credential_in_use
from explorer.holding import Reader, Records
from explorer.offering import Example, example_groups, find_example, held_example, is_held
from explorer.presenting import example_tree
from portal.access import signed_in
from portal.client_address import client_address


def example_context(request: HttpRequest, bench: Bench, draft: Draft) -> dict[str, Any]:
    example, found = _example(request, bench, draft.example)
    return {
        "bench": bench,
        "deployment": bench.deployment,
        "groups": example_groups(bench, signed_in(request)),
        "example": example,
        "is_held": is_held(example.key),
        "sought": request.GET.get(".held", ""),
        "found": found,
        "page": request.GET.get(".page", ""),
        "example_tree": example_tree(example.text, bench) if example.text else "",
    }


def _example(request: HttpRequest, bench: Bench, key: str) -> tuple[Example, Records]:
    """The example, and the records to choose another one from where it is one of the target's own."""
    if not is_held(key):
        return find_example(bench, signed_in(request), key), Records()
    reader = Reader(bench, credential_in_use(request.session, bench.deployment), caller_address(request))
    found = reader.find(request.GET.get(".held", ""), request.GET.get(".page", ""))
    logical_id = key.partition("/")[2]
    return held_example(bench, key, reader.one(logical_id) if logical_id else found), found


def download_example(request: HttpRequest, bench: Bench, draft: Draft) -> HttpResponse:
    example = example_context(request, bench, draft)["example"]
    if not example.text:
        raise Http404
    name = f"{bench.resource_type}-{example.key.replace('/', '-')}.json"
    headers = {"Content-Disposition": content_disposition_header(True, name) or "attachment"}
    return HttpResponse(example.text, content_type=MEDIA_TYPES["json"], headers=headers)


def caller_address(request: HttpRequest) -> str:
    return client_address(request.META) or "127.0.0.1"
