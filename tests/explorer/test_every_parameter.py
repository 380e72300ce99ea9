"""Every search parameter that a form offers can be sent as the form shows it, and the engine answers."""

from itertools import chain

import pytest

from deployments.models import Deployment
from explorer import forms
from explorer.bench import Bench
from explorer.building.draft import Draft, draft_from_fields
from explorer.building.fields import SearchParameterFacts
from explorer.building.outgoing import build_request
from fhirserver.partitions import Partition
from fhirspec.catalogue import get_catalogue
from tests.fhirserver.client import BASE, Client

pytestmark = pytest.mark.django_db(databases="__all__")
# What a modifier wants instead of the parameter's own value.
MODIFIED = {
    "missing": "true",
    "text": "fever",
    "in": "http://hl7.org/fhir/ValueSet/administrative-gender",
    "not-in": "http://hl7.org/fhir/ValueSet/administrative-gender",
    "of-type": "http://terminology.hl7.org/CodeSystem/v2-0203|MR|12345",
    "identifier": "http://example.org/ids|12345",
    "above": "http://terminology.hl7.org/CodeSystem/condition-clinical|active",
    "below": "http://terminology.hl7.org/CodeSystem/condition-clinical|active",
}


@pytest.fixture
def client(deployment: Deployment) -> Client:
    return Client(Partition("region_local", deployment.partition))


def refusal(client: Client, bench: Bench, fields: dict[str, list[str]]) -> str:
    """Why a submitted search form was not answered with 200; empty when it was."""
    operation = bench.operation("search")
    draft = draft_from_fields({".do": ["search"], **fields}, bench.resource_type, "search")
    problems = forms.check(bench, draft, operation)
    url = build_request(draft, operation, BASE).url
    answered = client.get(url)
    if answered.status == 200 and not problems:
        return ""
    return f"{url.removeprefix(BASE)} {answered.status} {answered.body[:300]!r} {problems}"


def offered(bench: Bench) -> list[SearchParameterFacts]:
    form = forms.operation_form(bench, bench.operation("search"), Draft("search", bench.resource_type))
    return [field.facts for field in chain(form.top, form.rest)]


def test_every_parameter_of_every_type_is_answered_as_its_form_shows_it(
    deployment: Deployment, client: Client
) -> None:
    sent, refused = 0, []
    for resource_type in get_catalogue().resource_types:
        bench = Bench(deployment, resource_type)
        for facts in offered(bench):
            assert facts.example, f"{resource_type}.{facts.code} shows no example"
            refused.append(refusal(client, bench, {facts.code: [facts.example]}))
            sent += 1
    assert [each for each in refused if each] == []
    assert sent > 1_500


@pytest.mark.parametrize(
    "resource_type", ["Patient", "Observation", "ValueSet", "Encounter", "RiskAssessment"]
)
def test_every_modifier_and_prefix_that_a_form_offers_is_answered(
    resource_type: str, deployment: Deployment, client: Client
) -> None:
    bench = Bench(deployment, resource_type)
    forms_sent = [
        {facts.code: [MODIFIED.get(modifier, facts.example)], f".m:{facts.code}": [modifier]}
        for facts in offered(bench)
        for modifier in facts.modifiers
    ] + [
        {facts.code: [facts.example], f".x:{facts.code}": [prefix]}
        for facts in offered(bench)
        for prefix in facts.prefixes
    ]
    refused = [refusal(client, bench, fields) for fields in forms_sent]
    assert [each for each in refused if each] == []
