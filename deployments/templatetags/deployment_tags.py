"""What templates ask about a deployment."""

from typing import Any

from django import template
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from deployments import lifecycle
from deployments.jobs import get_kind
from deployments.lifecycle import Event
from deployments.models import Deployment, Job
from deployments.sizes import Size, get_size
from portal.models import Role
from portal.navigation import list_tabs

register = template.Library()


@register.inclusion_tag("components/tabs.html", takes_context=True)
def deployment_tabs(context: dict[str, Any], deployment: Deployment) -> dict[str, Any]:
    """The tabs that the person's role in the tenant may open; `current_tab` or the longest matching address is the current one."""
    request: HttpRequest = context["request"]
    named = context.get("current_tab", "")
    role = Role(getattr(deployment, "role", Role.READ))
    addresses = []
    for tab in list_tabs(role):
        try:
            addresses.append((tab.label, reverse(tab.url_name, args=[deployment.pk]), tab.slug))
        except NoReverseMatch:
            continue
    under = [
        url for _, url, slug in addresses if slug == named or (not named and request.path.startswith(url))
    ]
    current = max(under, key=len, default="")
    tabs = [{"label": label, "url": url, "current": url == current} for label, url, _ in addresses]
    return {"tabs": tabs, "tabs_label": f"{deployment.name}"}


@register.filter
def size_of(deployment: Deployment) -> Size:
    return get_size(deployment.size)


@register.filter
def may(deployment: Deployment, role: str) -> bool:
    """`{% if deployment|may:"WRITE" %}`: whether the person's role in the tenant is at least that."""
    return bool(getattr(deployment, "role", 0) >= Role[role])


@register.filter
def can(deployment: Deployment, event: str) -> bool:
    """`{% if deployment|can:"STOP" %}`: whether the state allows the event."""
    return lifecycle.can(deployment.state, Event[event])


@register.filter
def is_working(deployment: Deployment) -> bool:
    """Whether a job is changing its state, so that the page should look again."""
    return deployment.state in lifecycle.WORKING


@register.filter
def job_title(job: Job) -> str:
    return get_kind(job.kind).title
