"""The workbench pages: all resource types, and one of them with its operations, schema and examples."""

from dataclasses import dataclass, replace

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods
from django_htmx.http import HttpResponseClientRedirect

from explorer import definitions, forms
from explorer.bench import Bench
from explorer.building.criteria import render_pairs
from explorer.building.draft import Draft, draft_from_fields, edited_query
from explorer.building.paste import NotARequest, draft_from_paste, is_query
from explorer.comparing import compare
from explorer.execution import Attempt, execute, prepare
from explorer.foreign import credential_in_use, list_credentials
from explorer.models import ForeignServer
from explorer.picking import START, Picking, picking_from_fields
from explorer.rehearsing import can_rehearse, rehearse
from explorer.targets import Target
from explorer.tour import tick
from explorer.views.bench_parts import PARTS, answer_context, page_context
from explorer.views.examples import caller_address, download_example, example_context
from explorer.views.fragments import wants_part
from explorer.views.loaded import target_view
from portal.access import signed_in

WORD_METHODS = ["GET", "POST", "HEAD"]


@target_view
@never_cache
@require_http_methods(WORD_METHODS)
def index(request: HttpRequest, deployment: Target) -> HttpResponse:
    """All resource types by module, and the operations of the whole system."""
    bench = Bench(deployment, "")
    return _answer(request, bench, "explorer/index.html")


@target_view
@never_cache
@require_http_methods(WORD_METHODS)
def resource(request: HttpRequest, deployment: Target, resource_type: str) -> HttpResponse:
    """One resource type: its operations, schema, examples and search parameters."""
    if not definitions.is_resource_type(resource_type):
        raise Http404
    return _answer(request, Bench(deployment, resource_type), "explorer/resource.html")


@dataclass(frozen=True)
class Asked:
    """What the browser asked for: a draft, and what to do with it."""

    draft: Draft
    run: bool
    preview: bool
    dry: bool
    compare: bool
    part: str
    picking: Picking
    pasted: str
    held: list[tuple[str, str]]


def _asked(request: HttpRequest, bench: Bench) -> Asked:
    fields = dict((request.POST if request.method == "POST" else request.GET).lists())
    default = bench.operations[0].key if bench.operations else ""
    draft = draft_from_fields(fields, bench.resource_type, default, bench.format)
    if bench.capabilities.problem:
        # The page then says what the matter is; there is nothing to send.
        draft = replace(draft, operation="")
    part = fields.get(".part", ["answer"])[0] if wants_part(request) or ".part" in fields else ""
    run, preview, dry, compare = (name in fields for name in (".run", ".preview", ".dry", ".compare"))
    if ".validate" in fields and bench.offers("$validate"):
        draft, run = Draft("$validate", draft.resource_type, body=draft.body, format=draft.format), True
    written = edited_query(fields)
    pasted = "" if written is None or is_query(written) else written
    held = [(name, fields[name][0]) for name in (".held", ".page") if fields.get(name, [""])[0]]
    return Asked(draft, run, preview, dry, compare, part, picking_from_fields(fields), pasted, held)


def _answer(request: HttpRequest, bench: Bench, template: str) -> HttpResponse:
    asked = _asked(request, bench)
    if asked.pasted:
        return open_pasted(request, bench, asked.pasted)
    if bench.resource_type and asked.part == "example":
        return render(request, "explorer/example.html", example_context(request, bench, asked.draft))
    if bench.resource_type and asked.part == "download":
        return download_example(request, bench, asked.draft)
    if asked.part in PARTS:
        return render(request, *PARTS[asked.part](bench, asked.draft, asked.picking))
    attempt = _attempt(request, bench, asked)
    if asked.part == "answer" and attempt:
        response = render(request, "explorer/answer.html", answer_context(bench, attempt, request))
        run_again = asked.run and attempt.operation.safe and attempt.request.method == "GET"
        response["HX-Push-Url"] = bench.address(asked.draft, run=run_again)
        return response
    if request.method == "GET" and _untidy(request):
        return redirect(bench.address(asked.draft, run=asked.run) + _more(asked))
    return render(request, template, page_context(request, bench, asked.draft, attempt, asked.picking))


def open_pasted(request: HttpRequest, bench: Bench, text: str) -> HttpResponse:
    """The form of a pasted URL or curl command, of whatever resource type it is; the present page when it is none."""
    try:
        draft = draft_from_paste(text, bench.base)
        if draft.resource_type and not definitions.is_resource_type(draft.resource_type):
            raise NotARequest(definitions.no_resource_type(draft.resource_type, f"“{draft.resource_type}”"))
    except NotARequest as error:
        messages.error(request, str(error))
        address = bench.url
    else:
        if draft.body.strip():
            return show_draft(request, Bench(bench.deployment, draft.resource_type), draft)
        address = bench.address(draft)
    return HttpResponseClientRedirect(address) if wants_part(request) else redirect(address)


def _untidy(request: HttpRequest) -> bool:
    """Whether a form without JavaScript put its empty fields and its prefixes into the address."""
    return any(
        name[:3] in (".x:", ".m:", ".c:", ".j:") or name in (".query", ".was") or not any(values)
        for name, values in request.GET.lists()
    )


def _more(asked: Asked) -> str:
    """What a tidied address asks for beside the draft."""
    path, filled = asked.picking.path, {each.code for each in asked.draft.criteria}
    opened = [name for name in asked.picking.opened if name not in filled]
    pairs = [(".preview", "1")] if asked.preview else []
    pairs += [(".compare", "1")] if asked.compare else []
    pairs += [(".to", path.written or START)] if path else []
    pairs += [(".to", asked.picking.newest)] if asked.picking.newest else []
    pairs += asked.held
    return "".join(f"&{render_pairs([pair])}" for pair in pairs + [(".open", name) for name in opened])


def _attempt(request: HttpRequest, bench: Bench, asked: Asked) -> Attempt | None:
    """The previewed or executed draft. A GET executes only what changes nothing."""
    if not (asked.run or asked.preview or asked.dry or asked.compare) or not asked.draft.operation:
        return None
    operation = bench.operation(asked.draft.operation)
    held = credential_in_use(request.session, bench.deployment)
    draft = forms.with_body(bench, asked.draft, operation)
    problems = forms.check(bench, draft, operation)
    attempt = prepare(bench, draft, problems, held)
    if asked.compare and operation.safe:
        return compare(attempt, list_credentials(request.session, bench.deployment), caller_address(request))
    if asked.dry and request.method == "POST" and can_rehearse(operation, bench):
        return rehearse(attempt, bench, held, caller_address(request))
    if not asked.run or (request.method != "POST" and not operation.safe):
        return attempt
    done = execute(attempt, bench, held, signed_in(request), caller_address(request))
    if not isinstance(bench.deployment, ForeignServer):
        tick(bench.deployment, signed_in(request), done, held)
    return done


def show_draft(request: HttpRequest, bench: Bench, draft: Draft) -> HttpResponse:
    """The page of a draft that came from elsewhere, its body too."""
    template = "explorer/resource.html" if bench.resource_type else "explorer/index.html"
    response = render(request, template, page_context(request, bench, draft, None))
    if request.method == "POST":
        # Nothing is to be had under the address that it was posted to.
        response["HX-Push-Url"] = bench.address(draft) + ("" if bench.resource_type else "#try")
    return response
