"""The form of one operation, ready for its template, and the check of what it sends."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from explorer import definitions
from explorer.bench import Bench
from explorer.building.chains import is_path
from explorer.building.check import Problem, check_draft
from explorer.building.criteria import render_query
from explorer.building.draft import HEADER_FIELDS, Draft
from explorer.building.fields import Choice, Field, SearchParameterFacts, result_choices, search_fields
from explorer.building.interactions import Operation
from explorer.filtering import FilterField, filter_field, find_fault
from explorer.picking import NOT_PICKING, Picker, Picking, make_picker, path_fields
from explorer.rehearsing import can_rehearse, why_no_rehearsal
from explorer.searching import facts_of, parameters_of
from explorer.wording.search import describe_search

_HEADER_HELP = {
    "If-Match": 'Only if the version is still this one: W/"1"',
    "If-None-Match": 'Answer 304 if the version is still this one: W/"1"',
    "If-Modified-Since": "Answer 304 if it did not change since then",
    "If-None-Exist": "Search criteria",
    "Prefer": "return=minimal, representation or OperationOutcome",
}
FILTER = "_filter"
SEARCHES = ("search", "search-post", "search-system")


@dataclass(frozen=True)
class HeaderField:
    name: str
    field: str
    help: str
    value: str


@dataclass(frozen=True)
class OperationForm:
    """All that the template of one operation's form shows."""

    operation: Operation
    draft: Draft
    id_prefix: str
    top: Sequence[Field]
    rest: Sequence[Field]
    paths: Sequence[Field]
    leads_on: bool
    picker: Picker | None
    filter: FilterField | None
    choices: Sequence[Choice]
    headers: Sequence[HeaderField]
    examples: Sequence[definitions.ExampleTitle]
    body: str
    body_type: str
    query: str
    count: str
    can_rehearse: bool
    can_compare: bool
    no_rehearsal: str
    can_validate: bool

    @property
    def method(self) -> str:
        """How the browser sends the form: only what changes nothing and has no body of its own goes in the address."""
        return "get" if self.operation.method == "GET" else "post"

    @property
    def shaped(self) -> bool:
        """Whether the draft says anything about the shape of the result."""
        return any(each.is_result_parameter for each in self.draft.criteria)


def operation_form(
    bench: Bench, operation: Operation, draft: Draft, picking: Picking = NOT_PICKING
) -> OperationForm:
    parameters = _parameters_for(bench, operation)
    criteria = draft.criteria if operation.criteria else ()
    filters = next((each for each in parameters if each.code == FILTER), None)
    top, rest = search_fields(
        [each for each in parameters if each is not filters],
        [each for each in criteria if not is_path(each.code) and not (filters and each.name == FILTER)],
    )
    search = operation.key in SEARCHES
    leads_on = bool(bench.resource_type and operation.criteria and not operation.name)
    leads_on = leads_on and not operation.key.startswith("history")
    choices = _choices(bench, draft, parameters) if search else []
    filled = with_body(bench, draft, operation)
    return OperationForm(
        operation=operation,
        draft=draft,
        id_prefix=operation.id_prefix,
        top=top if operation.criteria else [],
        rest=rest if operation.criteria else [],
        paths=path_fields(bench, criteria, picking),
        leads_on=leads_on,
        picker=make_picker(bench, picking.path) if leads_on and picking.path else None,
        filter=filter_field(bench, draft.values(FILTER)) if filters else None,
        choices=choices,
        headers=[
            HeaderField(name, f".{name.lower()}", _HEADER_HELP[name], draft.header(name))
            for name in HEADER_FIELDS.values()
            if name in operation.headers
        ],
        examples=_examples(bench, operation),
        body=filled.body,
        body_type=body_type(bench, operation) if _takes_examples(operation) else "",
        query=render_query(criteria),
        count=next(iter(draft.values("_count")), ""),
        can_rehearse=can_rehearse(operation, bench),
        can_compare=operation.safe,
        no_rehearsal=why_no_rehearsal(operation, bench),
        can_validate=operation.key in ("create", "update") and bench.offers("$validate"),
    )


def with_body(bench: Bench, draft: Draft, operation: Operation) -> Draft:
    """The draft with the chosen example as its body, where it has none of its own."""
    if draft.body.strip() or not operation.body or operation.body == "form":
        return draft
    if operation.body == "patch":
        return replace(draft, body=definitions.example_patch(draft.resource_type, draft.example))
    text = _example(draft, operation)
    if bench.format == "xml":
        text = bench.write(definitions.decode_json(text.encode()))
    return replace(draft, body=text)


def _example(draft: Draft, operation: Operation) -> str:
    """The JSON that the editor begins with."""
    if operation.body == "parameters":
        return '{\n  "resourceType": "Parameters",\n  "parameter": []\n}'
    kind = "Bundle" if operation.body == "bundle" else draft.resource_type
    text = definitions.example_text(kind, draft.example)
    if operation.key == "update" and draft.logical_id:
        text = definitions.with_id(text, draft.logical_id)
    return text


def body_type(bench: Bench, operation: Operation) -> str:
    return "Bundle" if operation.body == "bundle" else bench.resource_type


def words_of(bench: Bench, operation: Operation, draft: Draft) -> str:
    """What a search looks for, empty for everything else."""
    if operation.key not in SEARCHES:
        return ""
    return describe_search(bench.resource_type, draft.criteria, lambda code: facts_of(bench, code))


def _examples(bench: Bench, operation: Operation) -> Sequence[definitions.ExampleTitle]:
    if operation.body == "patch":
        return definitions.patch_titles(bench.capabilities.patch_formats)
    return definitions.example_titles(body_type(bench, operation)) if _takes_examples(operation) else ()


def _takes_examples(operation: Operation) -> bool:
    return operation.body in ("resource", "bundle")


def check(bench: Bench, draft: Draft, operation: Operation) -> list[Problem]:
    """Problems of a draft: what its form can tell, and what the definitions say of its body."""
    kinds = {each.code: _kind(bench, each.code) for each in draft.criteria} if operation.criteria else {}
    problems = check_draft(draft, operation, kinds)
    if operation.criteria and not operation.name:
        faults = (find_fault(bench, value) for value in draft.values(FILTER))
        problems += [Problem(FILTER, f"_filter: {each.message}", blocking=False) for each in faults if each]
    if operation.body in ("resource", "bundle") and not problems:
        kind = "Bundle" if operation.body == "bundle" else draft.resource_type
        problems += definitions.body_problems(draft.body, kind)
    return problems


def _kind(bench: Bench, code: str) -> str:
    found = facts_of(bench, code)
    return found.kind if found else ""


def _parameters_for(bench: Bench, operation: Operation) -> list[SearchParameterFacts]:
    if not operation.criteria:
        return []
    if operation.name:
        return definitions.operation_inputs(operation.name)
    if operation.key.startswith("history"):
        return definitions.history_parameters()
    return [each for each in parameters_of(bench) if each.supported]


def _choices(bench: Bench, draft: Draft, parameters: Sequence[SearchParameterFacts]) -> list[Choice]:
    stated = bench.capabilities.resources.get(bench.resource_type, {})
    references = [each.code for each in parameters if each.kind == "reference"]
    includes = stated.get("searchInclude") or [f"{bench.resource_type}:{code}" for code in references]
    sortable = [each.code for each in parameters if each.kind not in ("composite", "special")]
    return result_choices(
        draft.criteria,
        sortable,
        includes if bench.resource_type else [],
        stated.get("searchRevInclude") or definitions.revincludes(bench.resource_type),
        definitions.element_names(bench.resource_type) if bench.resource_type else [],
    )
