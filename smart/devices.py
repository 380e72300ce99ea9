"""Codes of devices: made, looked up by what a person types, answered, and spent exactly once (RFC 8628)."""

import re
import secrets
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from oauthlib.oauth2 import DeviceCodeGrant

from credentials.models import AuthenticationServer, OAuthApplication
from smart.models import Authorization, DeviceCode
from smart.protocol.redemption import digest_of, revoke

LIFETIME = timedelta(minutes=10)
INTERVAL = 5  # seconds
_LETTERS = (
    "BCDFGHJKLMNPQRSTVWXZ"  # RFC 8628, 6.1: no vowels, so no words, and nothing that looks like a digit
)
_SLOWEST = 60


def new_user_code() -> str:
    """20 ** 8 possibilities: the throttle at the page where it is typed does the rest."""
    text = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{text[:4]}-{text[4:]}"


def read_user_code(text: str) -> str:
    """As it is stored: people type small letters, spaces and hyphens where they like."""
    return re.sub(r"[^A-Z]", "", text[:40].upper())


def store_device_code(code: str, user_code: str, application: OAuthApplication, scopes: str) -> None:
    DeviceCode.objects.create(
        digest=digest_of(code),
        user_code=read_user_code(user_code),
        application=application,
        scopes=scopes,
        interval=INTERVAL,
        expires=timezone.now() + LIFETIME,
    )


def find_waiting(server: AuthenticationServer, text: str) -> DeviceCode | None:
    """The device that shows this code and waits for an answer."""
    return _waiting(server).filter(user_code=read_user_code(text)).order_by("-expires").first()


def get_waiting(server: AuthenticationServer, device_id: int) -> DeviceCode | None:
    return _waiting(server).filter(pk=device_id).first()


def _waiting(server: AuthenticationServer) -> QuerySet[DeviceCode]:
    return DeviceCode.objects.select_related("application").filter(
        application__server=server,
        application__enabled=True,
        application__device_flow=True,
        authorization=None,
        denied=False,
        expires__gt=timezone.now(),
    )


def answer(device: DeviceCode, authorization: Authorization | None) -> bool:
    """The person's answer; None: no. False when somebody else answered before."""
    waiting = DeviceCode.objects.filter(pk=device.pk, authorization=None, denied=False)
    if authorization is None:
        return bool(waiting.update(denied=True))
    authorization.save()
    if waiting.update(authorization=authorization):
        return True
    authorization.delete()
    return False


def find_device_code(text: str, application: OAuthApplication) -> DeviceCode | None:
    """One that this application got and has not spent. A spent one ends what came of it."""
    code = (
        DeviceCode.objects.select_related(
            "authorization__user", "authorization__application__server__deployment"
        )
        .filter(digest=digest_of(text), application=application)
        .first()
    )
    if code is None or code.redeemed is None:
        return code
    if code.authorization is not None:
        revoke(code.authorization, "a device code was used twice")
    return None


def status_of(code: DeviceCode) -> str | None:
    """One of oauthlib's words for RFC 8628, 3.5; None when nothing will ever come of it. Notes that the device asked."""
    if code.denied:
        return str(DeviceCodeGrant.DEVICE_CODE_DENIED)
    if code.expires <= timezone.now():
        return str(DeviceCodeGrant.DEVICE_CODE_EXPIRED)
    authorization = code.authorization
    if authorization is None:
        return _pending(code)
    enabled = authorization.user is not None and authorization.user.enabled
    return str(DeviceCodeGrant.DEVICE_CODE_AUTHORIZED) if authorization.live and enabled else None


def _pending(code: DeviceCode) -> str:
    """Asking too early makes the interval longer by five seconds."""
    now = timezone.now()
    # A second of grace: the answer to the question before took its time.
    early = code.asked is not None and now < code.asked + timedelta(seconds=code.interval - 1)
    interval = min(code.interval + 5, _SLOWEST) if early else code.interval
    DeviceCode.objects.filter(pk=code.pk).update(asked=now, interval=interval)
    return str(DeviceCodeGrant.DEVICE_CODE_SLOW_DOWN if early else DeviceCodeGrant.DEVICE_CODE_PENDING)


def spend_device_code(code: DeviceCode) -> bool:
    spent = DeviceCode.objects.filter(pk=code.pk, redeemed=None).update(redeemed=timezone.now())
    if not spent and code.authorization is not None:
        revoke(code.authorization, "a device code was used twice")
    return bool(spent)
