"""What can be done to deployments. Rules hold here, whatever a form allowed."""

from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from deployments import entitlements, jobs, presets, provisioning
from deployments.lifecycle import Event, next_state
from deployments.models import Deployment, Job, JobState, Region, ServiceLevel, State
from deployments.presets import Preset
from deployments.selectors import get_use
from deployments.sizes import Size, get_size
from deployments.upstream import Health, check_connection, check_health
from deployments.upstream_credentials import describe, forget_token
from portal import audit
from portal.models import Tenant, User

NAME_LENGTH = 50


class NameMismatch(ValidationError):
    """The name typed to confirm a dangerous action is not the deployment's."""


def check_name(tenant: Tenant, name: str) -> str:
    """The name without surrounding space. Raises ValidationError when it is empty, too long or taken."""
    name = name.strip()
    if not name:
        raise ValidationError({"name": "Give the deployment a name."})
    if len(name) > NAME_LENGTH:
        raise ValidationError({"name": f"Use {NAME_LENGTH} characters at most; this name has {len(name)}."})
    if Deployment.objects.filter(tenant=tenant, name__iexact=name).exists():
        raise ValidationError({"name": f"{tenant.name} already has a deployment of this name."})
    return name


def check_preset(code: str, size: Size) -> Preset:
    """Raises ValidationError when there is no such preset or it does not fit into the size."""
    try:
        preset = presets.get_preset(code)
    except KeyError as error:
        raise ValidationError({"preset": "There is no such data set."}) from error
    if preset.resources > size.stored_resources:
        raise ValidationError(
            {"preset": f"{preset.title} needs room for {preset.resources:,} resources; choose a larger size."}
        )
    return preset


def check_size(code: str) -> Size:
    try:
        return get_size(code)
    except KeyError as error:
        raise ValidationError({"size": "There is no such size."}) from error


def check_region(region: Region, high_availability: bool) -> None:
    if not region.is_open:
        raise ValidationError({"region": "This region takes no new deployments."})
    if high_availability and not region.highly_available:
        raise ValidationError({"high_availability": f"The region {region.title} has no standby server."})


@transaction.atomic
def create_deployment(
    *,
    tenant: Tenant,
    by: User | None,
    name: str,
    region: Region,
    size: str,
    high_availability: bool = False,
    preset: str = "",
    service_level: str = ServiceLevel.DEVELOPMENT,
    upstream: str = "",
    upstream_credential: str = "",
) -> Deployment:
    """Record the deployment and queue the job that makes it. Raises ValidationError by field.

    `upstream` connects an existing server; `upstream_credential` comes from `deployments.upstream_credentials`.
    """
    # One creation at a time in a tenant, so that limits count right.
    Tenant.objects.select_for_update().get(pk=tenant.pk)
    chosen_size = check_size(size)
    entitlement = entitlements.check_creation(tenant, chosen_size, high_availability)
    check_region(region, high_availability)
    deployment = Deployment.objects.create(
        tenant=tenant,
        name=check_name(tenant, name),
        region=region,
        size=chosen_size.code,
        high_availability=high_availability,
        preloaded_data=check_preset("" if upstream else preset, chosen_size).code,
        upstream=check_connection(upstream) if upstream else "",
        upstream_credential=upstream_credential if upstream else "",
        service_level=ServiceLevel(service_level),
        created_by=by,
        expires=entitlement.expires,
    )
    jobs.start(provisioning.CREATE, deployment, by)
    audit.record(
        "deployment.created",
        tenant=tenant,
        actor=by,
        target=str(deployment),
        after={"size": size, "region": region.name, "preset": preset, "high_availability": high_availability},
    )
    return deployment


def _move(deployment: Deployment, event: Event) -> State:
    """Change the state under a lock and return the one before. Raises lifecycle.NotAllowed."""
    locked = Deployment.objects.select_for_update().get(pk=deployment.pk)
    before = State(locked.state)
    deployment.state = next_state(before, event)
    deployment.state_reason = ""
    deployment.save(update_fields=["state", "state_reason"])
    return before


def _order(deployment: Deployment, event: Event, kind: str, by: User | None, **arguments: str) -> Job:
    """Move, write it down and queue the work."""
    before = _move(deployment, event)
    audit.record(
        f"deployment.{kind}",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        before={"state": before} | {name: getattr(deployment, name) for name in arguments},
        after={"state": deployment.state, **arguments},
    )
    return jobs.start(kind, deployment, by, dict(arguments))


@transaction.atomic
def start_deployment(deployment: Deployment, *, by: User | None) -> None:
    """Raises lifecycle.NotAllowed, and ValidationError when the trial is over."""
    entitlements.check_running(deployment)
    _order(deployment, Event.START, provisioning.START, by)


@transaction.atomic
def stop_deployment(deployment: Deployment, *, by: User | None) -> None:
    """Raises lifecycle.NotAllowed."""
    _order(deployment, Event.STOP, provisioning.STOP, by)


@transaction.atomic
def change_size(deployment: Deployment, size: str, *, by: User | None) -> None:
    """Raises lifecycle.NotAllowed, and ValidationError when the plan does not include the size."""
    chosen = check_size(size)
    if chosen.code == deployment.size:
        return
    entitlements.check_size(deployment.tenant, chosen)
    stored = get_use(deployment).resources
    if stored > chosen.stored_resources:
        raise ValidationError(
            {"size": f"{stored:,} resources are stored; {chosen.title} has no room for them."}
        )
    _order(deployment, Event.RESIZE, provisioning.RESIZE, by, size=chosen.code)


@transaction.atomic
def change_service_level(deployment: Deployment, service_level: str, *, by: User | None) -> None:
    before = deployment.service_level
    deployment.service_level = ServiceLevel(service_level)
    if before == deployment.service_level:
        return
    deployment.save(update_fields=["service_level"])
    audit.record(
        "deployment.service_level",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        before={"service_level": before},
        after={"service_level": service_level},
    )


def check_origin(text: str) -> str:
    """An origin as browsers send it (RFC 6454). Raises ValidationError for anything with a path, or without https."""
    if not _is_origin(text):
        raise ValidationError(
            {
                "allowed_origins": f"{text} is not an origin such as https://app.example (http only for localhost)."
            }
        )
    return text.rstrip("/").lower()


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        # Reading the port checks it.
        known = parts.port != 0
    except ValueError:
        return False
    local = parts.scheme == "http" and parts.hostname in ("localhost", "127.0.0.1")
    whole = text.rstrip("/") == f"{parts.scheme}://{parts.netloc}" and "@" not in text
    return known and whole and bool(parts.hostname) and (parts.scheme == "https" or local)


@transaction.atomic
def change_access_settings(
    deployment: Deployment, allowed_origins: list[str], maintenance_message: str, *, by: User | None
) -> None:
    """Which browser applications may call the endpoint, and what is said during maintenance. Raises ValidationError."""
    names = ("allowed_origins", "maintenance_message")
    before = {name: getattr(deployment, name) for name in names}
    deployment.allowed_origins = sorted({check_origin(text) for text in allowed_origins})
    deployment.maintenance_message = maintenance_message.strip()
    deployment.save(update_fields=names)
    audit.record(
        "deployment.settings",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        before=before,
        after={name: getattr(deployment, name) for name in names},
    )


@transaction.atomic
def change_limits(
    deployment: Deployment, requests_per_second: int | None, largest_body: int | None, *, by: User | None
) -> None:
    """Limits below those of the size and of the installation; None for those. Largest body in bytes. Raises ValidationError."""
    most = get_size(deployment.size).requests_per_second
    if requests_per_second is not None and not 1 <= requests_per_second <= most:
        raise ValidationError({"requests_per_second": f"Give 1 to {most:,}: the size allows no more."})
    largest: int = settings.FHIR_MAX_BODY_BYTES
    if largest_body is not None and not 1 <= largest_body <= largest:
        raise ValidationError(
            {"largest_body": f"Give at most {largest:,} bytes: this installation takes no more."}
        )
    names = ("requests_per_second", "largest_body")
    before = {name: getattr(deployment, name) for name in names}
    deployment.requests_per_second, deployment.largest_body = requests_per_second, largest_body
    deployment.save(update_fields=names)
    audit.record(
        "deployment.limits",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        before=before,
        after={name: getattr(deployment, name) for name in names},
    )


def change_upstream_credential(deployment: Deployment, sealed: str, *, by: User | None) -> Health:
    """`sealed` comes from `deployments.upstream_credentials`; how the server answers with it is returned. Raises ValidationError."""
    if not deployment.upstream:
        raise ValidationError({"upstream_credential": "This deployment connects no server."})
    with transaction.atomic():
        before, deployment.upstream_credential = deployment.upstream_credential, sealed
        deployment.save(update_fields=["upstream_credential"])
        audit.record(
            "deployment.upstream_credential",
            tenant=deployment.tenant,
            actor=by,
            target=str(deployment),
            before={"authorization": describe(before)},
            after={"authorization": describe(sealed)},
        )
    forget_token(before)
    return check_health(deployment)


def check_typed_name(deployment: Deployment, typed: str) -> None:
    """Raises NameMismatch."""
    if typed.strip() != deployment.name:
        raise NameMismatch({"typed_name": f"Type “{deployment.name}” to confirm."})


@transaction.atomic
def delete_deployment(deployment: Deployment, typed_name: str, *, by: User | None) -> None:
    """Raises NameMismatch and lifecycle.NotAllowed."""
    check_typed_name(deployment, typed_name)
    _order(deployment, Event.DELETE, provisioning.DELETE, by)


@transaction.atomic
def retry_deployment(deployment: Deployment, *, by: User | None) -> None:
    """Try the work that failed again, from the step that failed. Raises lifecycle.NotAllowed."""
    failed = deployment.jobs.filter(
        kind__in=[provisioning.CREATE, provisioning.DELETE], state__in=[JobState.FAILED, JobState.CANCELLED]
    ).first()
    deleting = failed is not None and failed.kind == provisioning.DELETE
    _move(deployment, Event.DELETE if deleting else Event.RETRY)
    if failed is None:
        jobs.start(provisioning.CREATE, deployment, by)
    else:
        jobs.retry(failed)
    audit.record("deployment.retry", tenant=deployment.tenant, actor=by, target=str(deployment))
