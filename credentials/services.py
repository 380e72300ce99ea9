"""What can be done to API keys. A key's text is returned once, by `create_api_key` and `rotate_api_key`."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from credentials.access import Access
from credentials.models import ApiKey, ApiKeySecret
from credentials.secret import hash_key_text, new_key_text
from deployments.models import Deployment
from portal import audit
from portal.models import User

MAX_LIVE_SECRETS = 2
LONGEST_OVERLAP = timedelta(days=30)


@transaction.atomic
def create_api_key(
    deployment: Deployment,
    *,
    name: str,
    holder: str = "",
    access: Access,
    expires: datetime | None = None,
    requests_per_second: int | None = None,
    networks: Sequence[str] = (),
    by: User | None,
) -> tuple[ApiKey, str]:
    """Returns the key and its text, which is stored nowhere. `networks` as `credentials.networks.parse_networks` writes them.

    Raises ValidationError on a blank name or a past end.
    """
    if expires is not None and expires <= timezone.now():
        raise ValidationError({"expires": "The key would have expired already."})
    api_key = ApiKey(
        deployment=deployment,
        name=name.strip(),
        holder=holder.strip(),
        access_granted=access.as_json(),
        expires=expires,
        requests_per_second=requests_per_second,
        networks=list(networks),
        created_by=by,
    )
    api_key.full_clean()
    api_key.save()
    _record("created", api_key, by, after={"access": str(access), "holder": api_key.holder})
    return api_key, _add_secret(api_key)


@transaction.atomic
def rotate_api_key(api_key: ApiKey, *, overlap: timedelta, by: User | None) -> str:
    """A second secret for the key; those before it work for `overlap` longer (0 ends them now).

    Returns the new text. Raises ValidationError when the key is revoked or expired, or already has two live secrets.
    """
    api_key = ApiKey.objects.select_for_update().get(pk=api_key.pk)
    if not api_key.usable:
        raise ValidationError("A revoked or expired key cannot be rotated. Create a new one.")
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise ValidationError(f"The old secret may work for {LONGEST_OVERLAP.days} days at most.")
    now = timezone.now()
    live = [secret for secret in api_key.secrets.all() if not secret.expired]
    if overlap and len(live) >= MAX_LIVE_SECRETS:
        raise ValidationError("This key has two live secrets already. End the older one first.")
    _end_secrets(live, now + overlap)
    _record("rotated", api_key, by, after={"old_secret_ends": (now + overlap).isoformat()})
    return _add_secret(api_key)


@transaction.atomic
def end_old_secrets(api_key: ApiKey, *, by: User | None) -> None:
    """Finishes a rotation: only the newest secret stays."""
    _end_secrets(list(api_key.secrets.all())[1:], timezone.now())
    _record("old_secrets_ended", api_key, by)


@transaction.atomic
def revoke_api_key(api_key: ApiKey, *, by: User | None) -> None:
    """The key stops working within a second, for ever."""
    if ApiKey.objects.filter(pk=api_key.pk, revoked=None).update(revoked=timezone.now(), revoked_by=by):
        _record("revoked", api_key, by)
    api_key.refresh_from_db()


@transaction.atomic
def revoke_api_keys(deployment: Deployment, public_ids: Iterable[str], *, by: User | None) -> int:
    """All of them or none. Returns how many were live. Raises ValidationError naming those that are not this deployment's."""
    wanted = set(public_ids)
    found = {key.public_id: key for key in ApiKey.objects.filter(deployment=deployment, public_id__in=wanted)}
    if unknown := sorted(wanted - set(found)):
        raise ValidationError(f"This deployment has no key {', '.join(unknown)[:200]}. Nothing was revoked.")
    live = [api_key for api_key in found.values() if api_key.revoked is None]
    for api_key in live:
        revoke_api_key(api_key, by=by)
    return len(live)


@transaction.atomic
def restrict_api_key(api_key: ApiKey, networks: Sequence[str], *, by: User | None) -> None:
    """From where the key may be used, from a second from now on; none: from anywhere."""
    before = {"networks": ", ".join(api_key.networks) or "anywhere"}
    api_key.networks = list(networks)
    api_key.save(update_fields=["networks"])
    _record("restricted", api_key, by, before=before, after={"networks": ", ".join(networks) or "anywhere"})


@transaction.atomic
def narrow_api_key(
    api_key: ApiKey, *, access: Access | None = None, expires: datetime | None = None, by: User | None
) -> bool:
    """Takes rights or time away from a key; False when it had no more. Raises ValidationError when it would gain any."""
    api_key = ApiKey.objects.select_for_update().get(pk=api_key.pk)
    before, held = _rights_of(api_key), (api_key.access, api_key.expires)
    if access is not None:
        if not access.narrows(api_key.access):
            raise ValidationError(
                f"A key can only lose rights; those that it has are: {api_key.access}."
                " Choose among them, or create a new key for more."
            )
        api_key.access_granted = access.as_json()
    if expires is not None:
        if api_key.expires is not None and expires > api_key.expires:
            raise ValidationError("A key's end can only come sooner. Create a new key for a later one.")
        api_key.expires = expires
    if (api_key.access, api_key.expires) == held:
        return False
    api_key.save(update_fields=["access_granted", "expires"])
    _record("narrowed", api_key, by, before=before, after=_rights_of(api_key))
    return True


def _rights_of(api_key: ApiKey) -> dict[str, str]:
    return {
        "access": str(api_key.access),
        "expires": api_key.expires.isoformat() if api_key.expires else "never",
    }


@transaction.atomic
def limit_api_key(api_key: ApiKey, requests_per_second: int | None, *, by: User | None) -> None:
    """How many requests a second the key may make, from a second from now on. None: as many as the deployment's size allows.

    Raises ValidationError for less than one.
    """
    before = {"requests_per_second": str(api_key.requests_per_second)}
    api_key.requests_per_second = requests_per_second
    api_key.full_clean()
    api_key.save(update_fields=["requests_per_second"])
    _record("limited", api_key, by, before=before, after={"requests_per_second": str(requests_per_second)})


def record_use(uses: Iterable[tuple[int, datetime, str]]) -> None:
    """Notes when and from where secrets were used: (primary key of the secret, time, client address or empty)."""
    for secret_id, used_at, address in uses:
        ApiKeySecret.objects.filter(pk=secret_id).update(last_used_at=used_at, last_used_from=address or None)
        ApiKey.objects.filter(secrets=secret_id).update(last_used_at=used_at, last_used_from=address or None)


def _record(
    change: str,
    api_key: ApiKey,
    by: User | None,
    *,
    before: dict[str, str] | None = None,
    after: dict[str, str] | None = None,
) -> None:
    audit.record(
        f"api_key.{change}",
        tenant=api_key.deployment.tenant,
        actor=by,
        target=f"{api_key} of {api_key.deployment.name}",
        before=before,
        after=after,
    )


def _add_secret(api_key: ApiKey) -> str:
    text = new_key_text(api_key.public_id)
    ApiKeySecret.objects.create(api_key=api_key, digest=hash_key_text(text).digest)
    return text


def _end_secrets(live: Iterable[ApiKeySecret], end: datetime) -> None:
    for secret in live:
        if secret.expires is None or secret.expires > end:
            secret.expires = end
            secret.save(update_fields=["expires"])
