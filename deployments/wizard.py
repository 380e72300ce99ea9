"""The answers to the new-deployment wizard, kept in the session until the deployment is created."""

from dataclasses import dataclass
from typing import Any

from django.contrib.sessions.backends.base import SessionBase

from deployments.models import Deployment, Region, ServiceLevel
from deployments.services import create_deployment
from deployments.sizes import SMALLEST
from portal.models import Tenant, User

KEY = "new_deployment"
STEPS = ("options", "cloud", "name", "review")
TITLES = {"options": "Options", "cloud": "Cloud", "name": "Name", "review": "Review"}


@dataclass(frozen=True)
class Step:
    """A line of the wizard's progress."""

    slug: str
    title: str
    done: bool
    current: bool


def answers(session: SessionBase, tenant: Tenant) -> dict[str, dict[str, Any]]:
    """What was answered for this tenant, by step. Switching the tenant begins anew."""
    held = session.get(KEY, {})
    return held.get("steps", {}) if held.get("tenant") == tenant.pk else {}


def remember(session: SessionBase, tenant: Tenant, step: str, answer: dict[str, Any]) -> None:
    session[KEY] = {"tenant": tenant.pk, "steps": {**answers(session, tenant), step: answer}}


def forget(session: SessionBase) -> None:
    session.pop(KEY, None)


def first_open(given: dict[str, dict[str, Any]]) -> str:
    """The first step that has no answer yet."""
    return next((step for step in STEPS if step not in given), STEPS[-1])


def following(step: str) -> str:
    return STEPS[STEPS.index(step) + 1]


def preceding(step: str) -> str:
    """The step before, or an empty string."""
    index = STEPS.index(step)
    return STEPS[index - 1] if index else ""


def progress(given: dict[str, dict[str, Any]], current: str) -> list[Step]:
    return [Step(step, TITLES[step], step in given and step != current, step == current) for step in STEPS]


def create(given: dict[str, dict[str, Any]], tenant: Tenant, by: User) -> Deployment:
    """Create what was answered. Raises ValidationError, when the world has changed since a step was checked."""
    options, name = given.get("options", {}), given.get("name", {})
    return create_deployment(
        tenant=tenant,
        by=by,
        name=name.get("name", ""),
        region=Region.objects.get(name=given["cloud"]["region"]),
        size=options.get("size", SMALLEST.code),
        high_availability=options.get("high_availability", False),
        preset=options.get("preset", ""),
        service_level=name.get("service_level", ServiceLevel.DEVELOPMENT),
        upstream=options.get("upstream", ""),
        upstream_credential=options.get("upstream_credential", ""),
    )
