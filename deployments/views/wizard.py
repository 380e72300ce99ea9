"""/deployments/new/: Options, Cloud, Name, Review. Each step is a page of its own, so back works."""

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from deployments import wizard
from deployments.choices import list_presets, list_regions, list_sizes, summarise
from deployments.forms import CloudForm, NameForm, OptionsForm
from deployments.upstream_forms import UpstreamScheme
from portal.access import get_current_tenant, require_role, signed_in
from portal.models import Role, Tenant
from portal.subscriptions import get_entitlement

Given = dict[str, dict[str, Any]]


def _tenant(request: HttpRequest) -> Tenant:
    """The tenant of the switcher, if the person may create deployments in it."""
    tenant = get_current_tenant(request)
    if tenant is None:
        raise Http404
    require_role(request.user, tenant, Role.ADMIN)
    return tenant


@login_required
@require_safe
def begin(request: HttpRequest) -> HttpResponse:
    """Continue at the first step without an answer, or say what is missing to begin."""
    tenant = _tenant(request)
    entitlement = get_entitlement(tenant)
    existing = tenant.deployments.count()
    refusal = entitlement.reason if not entitlement.allowed else ""
    if not refusal and entitlement.deployments is not None and existing >= entitlement.deployments:
        refusal = entitlement.refusal(existing=existing, size="xs", high_availability=False)
    if refusal:
        return render(request, "deployments/refused.html", {"tenant": tenant, "refusal": refusal})
    return redirect("deployments:step", wizard.first_open(wizard.answers(request.session, tenant)))


def _form(step: str, tenant: Tenant, given: Given, data: Any) -> forms.Form:
    initial = given.get(step)
    if step == "options":
        return OptionsForm(data, initial=initial, tenant=tenant)
    if step == "cloud":
        high_availability = given["options"]["high_availability"]
        if initial is None:
            initial = {"region": next((option.code for option in list_regions(high_availability)), "")}
        return CloudForm(data, initial=initial, high_availability=high_availability)
    return NameForm(data, initial=initial, tenant=tenant)


def _answer(form: forms.Form) -> dict[str, Any]:
    """What the session keeps: plain values."""
    return {name: getattr(value, "name", value) for name, value in form.cleaned_data.items()}


@login_required
@require_http_methods(["GET", "HEAD", "POST"])
def step(request: HttpRequest, step: str) -> HttpResponse:
    tenant = _tenant(request)
    given = wizard.answers(request.session, tenant)
    reached = wizard.first_open(given)
    if step not in wizard.STEPS:
        raise Http404
    if wizard.STEPS.index(step) > wizard.STEPS.index(reached):
        return redirect("deployments:step", reached)
    if step == "review":
        return _review(request, tenant, given)
    form = _form(step, tenant, given, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        wizard.remember(request.session, tenant, step, _answer(form))
        return redirect("deployments:step", wizard.following(step))
    context = {
        "tenant": tenant,
        "form": form,
        "step": step,
        "steps": wizard.progress(given, step),
        "previous": wizard.preceding(step),
        "chosen": {name: form[name].value() for name in form.fields},
        "upstream_schemes": UpstreamScheme.choices if step == "options" else [],
        "sizes": list_sizes(tenant) if step == "options" else [],
        "presets": list_presets() if step == "options" else [],
        "regions": list_regions(given["options"]["high_availability"]) if step == "cloud" else [],
    }
    return render(request, f"deployments/wizard_{step}.html", context, status=400 if form.errors else 200)


def _review(request: HttpRequest, tenant: Tenant, given: Given) -> HttpResponse:
    errors: list[str] = []
    if request.method == "POST":
        try:
            deployment = wizard.create(given, tenant, signed_in(request))
        except ValidationError as error:
            errors = error.messages
        else:
            wizard.forget(request.session)
            messages.success(request, f"{deployment.name} is being created.")
            return redirect("deployments:overview", deployment.pk)
    context = {
        "tenant": tenant,
        "step": "review",
        "steps": wizard.progress(given, "review"),
        "previous": wizard.preceding("review"),
        "summary": summarise(tenant, given),
        "errors": errors,
    }
    return render(request, "deployments/wizard_review.html", context, status=400 if errors else 200)
