"""A hard search goes from its query into the form and out of it again, is picked step by step, and says where a filter is wrong.

The form is read as a browser would: every field of the HTML that the page sends, nothing else.
"""

from collections import Counter
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse
from lxml import html

from deployments.models import Deployment
from explorer.bench import Bench
from explorer.building.chains import Hop, parse_path
from explorer.building.criteria import parse_query, render_query
from explorer.building.draft import draft_from_fields
from explorer.filtering import filter_examples, find_fault
from fhirserver.partitions import Partition
from fhirspec.catalogue import get_catalogue
from tests.fhirserver.client import BASE
from tests.fhirserver.client import Client as Engine

pytestmark = pytest.mark.django_db(databases="__all__")

HARD = [
    ("Patient", "gender=male&birthdate=ge1980&birthdate=lt1990-05&name:exact=Eve,Zoe&active:missing=false"),
    ("Patient", r"name=Eve\, Anne,Zoe&address-city:contains=burg&identifier=http://a.org|1,|2,http://b.org|"),
    ("Observation", "subject:Patient.name:exact=Eve"),
    ("Observation", "subject:Patient.birthdate=ge1980&subject:Patient.birthdate=lt1990"),
    ("Observation", "subject.name=Eve"),
    ("Observation", "patient:Patient.organization:Organization.partof:Organization.name:contains=ward"),
    ("Observation", "subject:Patient=23&encounter:missing=true"),
    ("Patient", "_has:Observation:patient:code=http://loinc.org|8480-6,http://loinc.org|8462-4"),
    ("Patient", "_has:Observation:patient:value-quantity=gt5.4|http://unitsofmeasure.org|mg"),
    ("Patient", "_has:Observation:patient:_has:DiagnosticReport:result:status=final"),
    ("Patient", "_has:Observation:patient:encounter:Encounter.date=ge2024&_has:Condition:patient:code:text=fever"),
    ("Observation", "subject:Patient._has:Condition:patient:clinical-status=active"),
    ("Observation", "code-value-quantity=8480-6$gt140,8462-4$gt90&component-code-value-quantity=8480-6$lt60"),
    ("Patient", '_filter=gender eq male and (family sw "hol" or birthdate gt 1980)&_filter=active eq true'),
    ("Observation", "subject:Patient._filter=gender eq male and not (birthdate lt 1980)"),
    ("Condition", "_content=fever NOT cough&_text=head&_list=7&_lastUpdated=ge2024-01-01T00:00:00Z"),
    ("MedicationRequest", "_include=MedicationRequest:medication&_include:iterate=Patient:organization&_include=MedicationRequest:subject:Patient"),
    ("Patient", "_revinclude=Observation:patient&_revinclude=Provenance:target&_revinclude:iterate=DiagnosticReport:result&_include=*"),
    ("Patient", "_sort=family,-birthdate,_id&_count=7&_summary=data&_total=accurate"),
    ("Patient", "_elements=id,name,gender&_contained=true&_containedType=container"),
    ("Location", "near=42.36|-71.06|5|km"),
    ("Observation", "combo-code:in=http://hl7.org/fhir/ValueSet/x&code:not-in=urn:oid:1.2&value-string=a+b %26 c%2Bd"),
    ("Patient", "unknown-parameter:odd=x y&name=ü€"),
]  # fmt: skip


def page_of(client: Client, deployment: Deployment, resource_type: str, query: str) -> str:
    address = reverse("explorer:resource", args=[deployment.pk, resource_type])
    response = client.get(f"{address}?.do=search&{query}")
    assert response.status_code == 200, query
    return response.text


def submitted(page: str, press: tuple[str, str] | None = None) -> list[tuple[str, str]]:
    """What a browser sends of the search form when a button is pressed."""
    (form,) = html.document_fromstring(page).xpath('//form[@id="form-search"]')
    pairs: list[tuple[str, str]] = []
    for field in form.xpath(".//input | .//select | .//textarea"):
        if field.tag == "select":
            chosen = field.xpath("./option[@selected]") or field.xpath("./option[1]")
            pairs += [(field.name, option.get("value", "")) for option in chosen]
        elif field.name:
            # A browser leaves out the line break that follows the tag of a text area.
            pairs.append((field.name, field.value or ""))
    return pairs + ([press] if press else [])


def buttons(page: str, name: str) -> list[str]:
    return html.document_fromstring(page).xpath(f'//form[@id="form-search"]//button[@name="{name}"]/@value')


def query_of(pairs: list[tuple[str, str]], resource_type: str) -> Counter[str]:
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        fields.setdefault(name, []).append(value)
    draft = draft_from_fields(fields, resource_type, "search")
    return Counter(each.name + "=" + each.value for each in draft.criteria)


@pytest.mark.parametrize(("resource_type", "query"), HARD)
def test_a_hard_search_comes_out_of_its_form_as_it_went_in(
    resource_type: str, query: str, explorer: Client, deployment: Deployment
) -> None:
    page = page_of(explorer, deployment, resource_type, render_query(parse_query(query)))
    expected = Counter(each.name + "=" + each.value for each in parse_query(query))
    assert query_of(submitted(page), resource_type) == expected


@pytest.mark.parametrize("curl", [False, True])
@pytest.mark.parametrize(("resource_type", "query"), HARD)
def test_a_pasted_url_or_curl_line_fills_the_form(
    resource_type: str, query: str, curl: bool, explorer: Client, deployment: Deployment
) -> None:
    base = Bench(deployment, "").base
    url = f"{base}/{resource_type}?{render_query(parse_query(query))}"
    text = f"curl -s '{url}' \\\n  -H \"x-api-key: $FHIR_API_KEY\"" if curl else url
    answered = explorer.post(reverse("explorer:paste", args=[deployment.pk]), {"request": text}, follow=True)
    expected = Counter(each.name + "=" + each.value for each in parse_query(query))
    assert query_of(submitted(answered.text), resource_type) == expected


def test_the_query_under_the_form_is_edited_and_the_form_follows(
    explorer: Client, deployment: Deployment
) -> None:
    page = page_of(explorer, deployment, "Patient", "gender=male")
    edited = "gender=female&_has:Observation:patient:code=1"
    pairs = [(name, edited if name == ".query" else value) for name, value in submitted(page)]
    address = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    answered = explorer.get(
        address, QueryDict("&".join(f"{quote(n)}={quote(v)}" for n, v in pairs)), follow=True
    )
    assert query_of(submitted(answered.text), "Patient") == Counter(edited.split("&"))
    assert answered.redirect_chain[-1][0].endswith(f"?.do=search&{edited}")


@pytest.mark.parametrize(
    "text",
    [
        "curl 'https://elsewhere.org/r4/Observation?subject:Patient.name=Eve'",
        "/Observation?subject:Patient.name=Eve",
    ],
)
def test_a_url_pasted_over_the_query_leads_to_its_own_type(
    text: str, explorer: Client, deployment: Deployment
) -> None:
    address = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    fields = {".do": "search", ".was": "gender=male", ".query": text, "gender": "male"}
    plain = explorer.get(address, fields)
    there = reverse("explorer:resource", args=[deployment.pk, "Observation"])
    assert plain.headers["Location"] == f"{there}?.do=search&subject:Patient.name=Eve"
    part = explorer.get(address, {**fields, ".part": "form"}, headers={"HX-Request": "true"})
    assert part.headers["HX-Redirect"] == plain.headers["Location"]


def test_what_is_no_query_is_told(explorer: Client, deployment: Deployment) -> None:
    address = reverse("explorer:resource", args=[deployment.pk, "Patient"])
    answered = explorer.get(address, {".do": "search", ".was": "", ".query": "curl 'abc"}, follow=True)
    assert "quotes do not match" in answered.text


@pytest.mark.parametrize(
    ("resource_type", "steps", "name"),
    [
        ("Observation", [".", "subject:", "subject:Patient.", "subject:Patient.birthdate"], "subject:Patient.birthdate"),
        ("Observation", [".", "specimen:Specimen.", "specimen:Specimen.status"], "specimen:Specimen.status"),
        ("Observation", [".", "subject:", "subject.", "subject._id"], "subject._id"),
        ("Patient", [".", "_has:Observation:", "_has:Observation:patient:", "_has:Observation:patient:code"], "_has:Observation:patient:code"),
        (
            "Patient",
            [".", "_has:Observation:", "_has:Observation:patient:", "_has:Observation:patient:_has:DiagnosticReport:result:",
             "_has:Observation:patient:_has:DiagnosticReport:result:status"],
            "_has:Observation:patient:_has:DiagnosticReport:result:status",
        ),
        (
            "Observation",
            [".", "subject:", "subject:Patient.", "subject:Patient._has:Condition:", "subject:Patient._has:Condition:patient:",
             "subject:Patient._has:Condition:patient:clinical-status"],
            "subject:Patient._has:Condition:patient:clinical-status",
        ),
    ],
)  # fmt: skip
def test_a_path_is_picked_step_by_step_without_javascript(
    resource_type: str, steps: list[str], name: str, explorer: Client, deployment: Deployment
) -> None:
    """Each step is a button that the page really offers; what was filled in before stays."""
    page = page_of(explorer, deployment, resource_type, "_id=kept&_has:Observation:performer:_id=kept-too")
    address = reverse("explorer:resource", args=[deployment.pk, resource_type])
    for step in steps:
        assert step in buttons(page, ".to")
        pairs = submitted(page, (".to", step))
        query = "&".join(f"{quote(n)}={quote(v)}" for n, v in pairs)
        page = explorer.get(f"{address}?{query}", follow=True).text
    pairs = [(n, "x" if n == name else v) for n, v in submitted(page)]
    assert query_of(pairs, resource_type) == Counter(
        ["_id=kept", "_has:Observation:performer:_id=kept-too", f"{name}=x"]
    )


def test_a_picked_row_has_the_prefixes_and_codes_of_what_it_asks(
    explorer: Client, deployment: Deployment
) -> None:
    page = html.document_fromstring(
        page_of(
            explorer,
            deployment,
            "Observation",
            ".open=subject:Patient.birthdate&.open=subject:Patient.gender",
        )
    )
    assert "ge" in page.xpath('//select[@name=".x:subject:Patient.birthdate"]/option/@value')
    (field,) = page.xpath('//input[@name="subject:Patient.gender"]')
    assert "female" in page.xpath(f'//datalist[@id="{field.get("list")}"]/option/@value')


def test_a_chain_ends_where_the_engine_ends_it(explorer: Client, deployment: Deployment) -> None:
    deepest = "partof:Organization." * 5
    page = page_of(explorer, deployment, "Organization", f".to={deepest}")
    offered = [value for value in buttons(page, ".to") if value.startswith(deepest)]
    assert f"{deepest}name" in offered
    assert not [value for value in offered if value.endswith((".", ":")) and value != deepest]


def test_every_first_step_leads_to_a_search_that_the_engine_answers(
    explorer: Client, deployment: Deployment
) -> None:
    """The picker offers nothing that the engine refuses."""
    engine = Engine(Partition("region_local", deployment.partition))
    for resource_type in ("Patient", "Observation", "Encounter", "Provenance"):
        offered = buttons(page_of(explorer, deployment, resource_type, ".to=."), ".to")
        complete = [
            value for value in offered if value[-1] in ":." and not parse_path(value).half and value != "."
        ]
        assert complete
        for start in complete:
            answered = engine.get(f"{BASE}/{resource_type}?{quote(start)}_id=x")
            assert answered.status == 200, (resource_type, start, answered.body[:200])


@pytest.mark.parametrize(
    ("text", "before", "at"),
    [
        ("gender eqq male", "gender ", "eqq"),
        ("gender eq male and (birthdate gt 1980", "gender eq male and ", "("),
        ("nothing eq 1", "", "nothing"),
        ("gender eq male or birthdate co 1980", "gender eq male or ", "birthdate"),
        ("gender eq ", "gender eq ", ""),
    ],
)
def test_a_filter_is_marked_where_it_is_wrong(
    text: str, before: str, at: str, explorer: Client, deployment: Deployment
) -> None:
    fault = find_fault(Bench(deployment, "Patient"), text)
    assert fault is not None
    assert (fault.before, fault.at) == (before, at)
    page = page_of(explorer, deployment, "Patient", f"_filter={quote(text)}")
    (marked,) = html.document_fromstring(page).xpath('//*[@id="search-filter-fault"]//mark')
    assert marked.text_content() == (at or "▏")
    part = explorer.get(
        urlsplit(reverse("explorer:resource", args=[deployment.pk, "Patient"])).path,
        {".part": "filter", ".do": "search", "_filter": text},
        headers={"HX-Request": "true"},
    )
    assert "<mark>" in part.text
    assert "<form" not in part.text


def test_the_filter_examples_of_every_type_are_searches_that_work(deployment: Deployment) -> None:
    engine = Engine(Partition("region_local", deployment.partition))
    for resource_type in get_catalogue().resource_types:
        bench = Bench(deployment, resource_type)
        for example in filter_examples(bench):
            assert find_fault(bench, example) is None, (resource_type, example)
            answered = engine.get(f"{BASE}/{resource_type}?_filter={quote(example)}")
            assert answered.status == 200, (resource_type, example, answered.body[:200])


def test_enter_in_any_field_of_the_form_executes(explorer: Client, deployment: Deployment) -> None:
    """A browser presses a form's first button, and the pickers have buttons too."""
    page = html.document_fromstring(page_of(explorer, deployment, "Patient", ""))
    first = page.xpath('//form[@id="form-search"]//button[@type="submit"]')[0]
    assert first.get("name") == ".run"


@pytest.mark.parametrize(
    ("name", "hops", "code", "modifier"),
    [
        ("subject:Patient.name:exact", (Hop("subject", "Patient"),), "name", "exact"),
        ("_has:A:b:_has:C:d:e.f", (Hop("b", "A", True), Hop("d", "C", True), Hop("e")), "f", ""),
    ],
)
def test_a_path_says_its_hops(name: str, hops: tuple[Hop, ...], code: str, modifier: str) -> None:
    path = parse_path(name)
    assert (path.hops, path.code, path.modifier, path.half) == (hops, code, modifier, None)
    assert path.written == name


@pytest.mark.parametrize("name", ["subject:", "_has:Observation:", "subject:Patient._has:Condition:"])
def test_half_a_hop_is_known_as_such(name: str) -> None:
    assert parse_path(name).half
    assert parse_path(name).written == name


def test_pairs_of_a_query_survive_the_address() -> None:
    for _, query in HARD:
        assert parse_query(render_query(parse_query(query))) == parse_query(query)
        assert len(parse_qsl(render_query(parse_query(query)))) == len(parse_query(query))
