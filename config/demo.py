"""The demonstration that `make run` begins with: a person, a subscribed tenant, a deployment with patients, an API key.

Development settings only. What exists is kept: a second run finds the same sign-in, deployment and key.
"""

import json
import os
import secrets
from dataclasses import asdict, dataclass
from pathlib import Path

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import transaction

from credentials.access import FULL
from credentials.selectors import find_api_key
from credentials.services import create_api_key
from deployments.endpoint import fhir_base
from deployments.models import Deployment, Region, ServiceLevel
from deployments.services import create_deployment
from deployments.sizes import SIZES
from portal.models import Membership, Role, Tenant, User
from portal.subscriptions import get_subscription, subscribe

EMAIL = "demo@fireside.example"
TENANT = "Demo clinic"
DEPLOYMENT = "Demo"
PRESET = "synthea-5"


@dataclass(frozen=True)
class Demo:
    """What demo.json holds; its names are a contract."""

    portal: str
    email: str
    password: str
    deployment: str
    fhir_base: str
    api_key: str


def demo_file() -> Path:
    return Path(settings.HOME) / "demo.json"


def _pending_file() -> Path:
    """Where it is kept until the demo deployment runs."""
    return demo_file().with_suffix(".pending")


def remembered_demo() -> dict[str, str]:
    """What an earlier run wrote; empty when there is nothing usable."""
    for path in (demo_file(), _pending_file()):
        try:
            known = json.loads(path.read_text())
        except (OSError, ValueError):
            continue
        if isinstance(known, dict):
            return known
    return {}


def _keep(demo: Demo) -> None:
    """Whole or not at all, and for nobody else's eyes."""
    unfinished = demo_file().with_suffix(".part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(demo), file, indent=2)
        file.write("\n")
    unfinished.replace(_pending_file())
    # Until it runs again nobody should find it ready.
    demo_file().unlink(missing_ok=True)


def publish_demo() -> None:
    """Call when the demo deployment runs: who waits for demo.json finds everything ready."""
    _pending_file().rename(demo_file())


def _person(password: str | None) -> tuple[User, str]:
    """The demo's user, with a password that is known: the remembered one if it still opens the account."""
    user = User.objects.filter(email=EMAIL).first()
    if user is None:
        user = User.objects.create_user(EMAIL, name="Demo Person")
        EmailAddress.objects.create(user=user, email=EMAIL, verified=True, primary=True)
    if not password or not user.check_password(password):
        password = secrets.token_urlsafe(12)
        user.set_password(password)
        user.save(update_fields=["password"])
    return user, password


def _tenant(user: User) -> Tenant:
    membership = Membership.objects.filter(user=user, role=Role.OWNER).select_related("tenant").first()
    if membership is not None:
        return membership.tenant
    tenant = Tenant.objects.create(name=TENANT, slug="demo-clinic")
    Membership.objects.create(tenant=tenant, user=user, role=Role.OWNER)
    return tenant


def _deployment(tenant: Tenant, user: User) -> Deployment:
    known = Deployment.objects.filter(tenant=tenant).order_by("created").first()
    if known is not None:
        return known
    if get_subscription(tenant) is None:
        subscribe(tenant, actor=user)
    # The largest size: a newcomer who measures should meet the machine's limits, not a plan's.
    return create_deployment(
        tenant=tenant,
        by=user,
        name=DEPLOYMENT,
        region=Region.objects.filter(enabled=True).earliest("pk"),
        size=SIZES[-1].code,
        preset=PRESET,
        service_level=ServiceLevel.DEVELOPMENT,
    )


def _api_key(deployment: Deployment, user: User, remembered: str | None) -> str:
    known = find_api_key(remembered) if remembered else None
    if remembered and known is not None and known.deployment_id == deployment.pk:
        return remembered
    _, text = create_api_key(deployment, name="Demo", holder=user.email, access=FULL, by=user)
    return text


def ensure_demo() -> Demo:
    """Make what is missing and keep it for `publish_demo`."""
    known = remembered_demo()
    with transaction.atomic():
        user, password = _person(known.get("password"))
        deployment = _deployment(_tenant(user), user)
        demo = Demo(
            portal=settings.PUBLIC_URL,
            email=user.email,
            password=password,
            deployment=deployment.pk,
            fhir_base=fhir_base(deployment),
            api_key=_api_key(deployment, user, known.get("api_key")),
        )
    _keep(demo)
    return demo
