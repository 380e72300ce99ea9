"""What the templates of a workbench page get: of the whole page, and of each part that htmx asks for."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest

from explorer import definitions, forms
from explorer.bench import Bench
from explorer.building.criteria import render_query
from explorer.building.draft import Draft
from explorer.chooser import choose, count_held
from explorer.execution import Attempt
from explorer.foreign import credential_in_use
from explorer.models import ForeignServer
from explorer.picking import NOT_PICKING, Picking
from explorer.presenting import Shown
from explorer.schema.must_support import marks_of
from explorer.schema.tree import schema_rows
from explorer.searching import table_of
from explorer.tour import OPENED, tick_steps
from explorer.views.examples import example_context
from explorer.views.frame import frame
from portal.access import signed_in


def page_context(
    request: HttpRequest,
    bench: Bench,
    draft: Draft,
    attempt: Attempt | None,
    picking: Picking = NOT_PICKING,
) -> dict[str, Any]:
    context = {
        **frame(request, bench.deployment),
        "bench": bench,
        "operations": bench.operations,
        **answer_context(bench, attempt, request),
    }
    if draft.operation:
        context |= _form_part(bench, draft, picking)[1]
    if not bench.resource_type:
        choosing = ".do" not in request.GET and not draft.body
        return context | {"choosing": choosing} | _chooser_part(bench, draft, picking)[1]
    if bench.resource_type == "Patient" and not isinstance(bench.deployment, ForeignServer):
        tick_steps(bench.deployment, signed_in(request), [OPENED])
    return context | {
        "facts": definitions.type_facts(bench.resource_type),
        "rows": schema_rows(bench.resource_type),
        "marks": marks_of(bench.deployment, bench.resource_type),
        "parameters": table_of(bench),
        "held_count": count_held(bench.deployment).get(bench.resource_type, 0),
        **example_context(request, bench, draft),
    }


def _form_part(bench: Bench, draft: Draft, picking: Picking) -> tuple[str, dict[str, Any]]:
    form = forms.operation_form(bench, bench.operation(draft.operation), draft, picking)
    context = {"bench": bench, "deployment": bench.deployment, "form": form}
    return "explorer/operation_form.html", context | _line_part(bench, draft, picking)[1]


def _paths_part(bench: Bench, draft: Draft, picking: Picking) -> tuple[str, dict[str, Any]]:
    """The rows of chains and `_has`, and the picker of the next one."""
    return "explorer/paths.html", _form_part(bench, draft, picking)[1]


def _filter_part(bench: Bench, draft: Draft, picking: Picking) -> tuple[str, dict[str, Any]]:
    """What is wrong with the filter expression, and where."""
    return "explorer/filter_fault.html", _form_part(bench, draft, picking)[1]


def _line_part(bench: Bench, draft: Draft, picking: Picking) -> tuple[str, dict[str, Any]]:
    """The request line as it stands, its query to be edited, and what it looks for in plain words."""
    operation = bench.operation(draft.operation)
    request = bench.request(draft, operation)
    editable = operation.key in forms.SEARCHES
    path = (
        request.url.removeprefix(bench.base).split("?")[0]
        if editable
        else request.url.removeprefix(bench.base)
    )
    return "explorer/line.html", {
        "bench": bench,
        "line": f"{request.method} {path or '/'}",
        "editable": editable,
        "id_prefix": operation.id_prefix,
        "query": render_query(draft.criteria),
        "words": forms.words_of(bench, operation, draft),
    }


def _chooser_part(bench: Bench, draft: Draft, picking: Picking) -> tuple[str, dict[str, Any]]:
    groups = choose(bench)
    types = [each for group in groups for each in group.types]
    supported = sum(each.supported for each in types)
    return "explorer/types.html", {"groups": groups, "type_count": len(types), "supported_count": supported}


# Parts of the page that htmx asks for by `.part`; each renders the same template as the whole page does.
PARTS: dict[str, Callable[[Bench, Draft, Picking], tuple[str, dict[str, Any]]]] = {
    "form": _form_part,
    "line": _line_part,
    "paths": _paths_part,
    "filter": _filter_part,
    "chooser": _chooser_part,
}


def answer_context(bench: Bench, attempt: Attempt | None, request: HttpRequest) -> dict[str, Any]:
    return {
        "bench": bench,
        "deployment": bench.deployment,
        "shown": Shown(attempt, bench) if attempt else None,
        "active": credential_in_use(request.session, bench.deployment),
    }
