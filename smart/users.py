"""People of a deployment's integrated authorization server: made, invited, checked at sign-in, disabled."""

import re
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.core.exceptions import ValidationError
from django.core.mail import send_mail
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse

from credentials.models import ServerUser
from deployments.models import Deployment
from portal.mail import subject_of
from smart.throttle import Throttle, client_address

_by_name = Throttle("server-user", limit=8, seconds=300)
_by_address = Throttle("server-address", limit=60, seconds=300)
_USERNAME = re.compile(r"[a-z0-9][a-z0-9._@+-]{0,149}")
_FHIR_USER = re.compile(r"(Patient|Practitioner|RelatedPerson|Person)/[A-Za-z0-9.-]{1,64}")
_WRONG = "The user name or the password is not right."


@dataclass(frozen=True, slots=True)
class SignInRefused:
    """The message is the same for an unknown name and a wrong password. `wait`: seconds, when there were too many tries."""

    message: str
    wait: int = 0


class _SetPasswordTokens(PasswordResetTokenGenerator):
    """Links of invitations and resets. They end with their use, since the password's hash is part of them."""

    key_salt = "fireside.smart.set-password"


set_password_tokens = _SetPasswordTokens()


def list_users(deployment: Deployment) -> QuerySet[ServerUser]:
    return ServerUser.objects.filter(deployment=deployment)


def find_users(deployment: Deployment, asked: str) -> QuerySet[ServerUser]:
    """All, or those whose name, address or record holds what is asked for."""
    found = list_users(deployment)
    if not asked:
        return found
    fields = ("username", "name", "email", "fhir_user")
    return found.filter(reduce(or_, (Q(**{f"{field}__icontains": asked}) for field in fields)))


def authenticate(
    deployment: Deployment, username: str, password: str, request: HttpRequest
) -> ServerUser | SignInRefused:
    """Slow guessing: by name and by address. An unknown name takes as long as a wrong password."""
    username = username.strip().lower()
    name, address = (deployment.pk, username), (deployment.pk, client_address(request))
    wait = max(_by_name.retry_after(*name), _by_address.retry_after(*address))
    if wait:
        return SignInRefused(f"There were too many tries. Wait {max(1, round(wait / 60))} minutes.", wait)
    user = ServerUser.objects.filter(deployment=deployment, username=username).first()
    if user is None:
        make_password(password)
    if user is None or not user.check_password(password) or not user.enabled:
        _by_name.failed(*name)
        _by_address.failed(*address)
        return SignInRefused(_WRONG)
    _by_name.succeeded(*name)
    return user


def create_user(
    deployment: Deployment,
    *,
    username: str,
    email: str = "",
    name: str = "",
    fhir_user: str = "",
    password: str = "",
) -> ServerUser:
    """Without a password, the user sets one by an invitation. Raises ValidationError by field."""
    user = ServerUser(
        deployment=deployment,
        username=username.strip().lower(),
        email=email.strip(),
        name=name.strip(),
        fhir_user=fhir_user.strip(),
    )
    if not _USERNAME.fullmatch(user.username):
        raise ValidationError({"username": "Use letters, digits and . _ @ + - only."})
    _check_fhir_user(user.fhir_user)
    if password:
        _check_password(password, user)
        user.set_password(password)
    else:
        user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
    except IntegrityError as error:
        raise ValidationError({"username": "There is a user of that name already."}) from error
    return user


def update_user(user: ServerUser, *, email: str, name: str, fhir_user: str) -> None:
    """Raises ValidationError by field."""
    _check_fhir_user(fhir_user.strip())
    user.email, user.name, user.fhir_user = email.strip(), name.strip(), fhir_user.strip()
    user.save(update_fields=["email", "name", "fhir_user"])


def set_user_enabled(user: ServerUser, *, enabled: bool) -> None:
    """A disabled user's tokens stop working within a second."""
    user.enabled = enabled
    user.save(update_fields=["enabled"])


def set_password(user: ServerUser, password: str) -> None:
    """Ends the user's sessions in all browsers. Raises ValidationError by field."""
    _check_password(password, user)
    user.set_password(password)
    user.save(update_fields=["password"])


def send_password_link(user: ServerUser) -> str:
    """Mails the link by which the user sets a password (an invitation or a reset). Returns it, to be shown once."""
    token = set_password_tokens.make_token(user)  # type: ignore[arg-type]  # any AbstractBaseUser will do
    path = reverse("smart:set-password", args=[user.deployment_id, user.pk, token])
    link = f"{settings.PUBLIC_URL.rstrip('/')}{path}"
    if user.email:
        context = {"user": user, "link": link, "deployment": user.deployment}
        text = render_to_string("smart/mail/set_password.txt", context)
        send_mail(subject_of(f"Your access to {user.deployment.name}"), text, None, [user.email])
    return link


def _check_password(password: str, user: ServerUser) -> None:
    try:
        validate_password(password)
    except ValidationError as error:
        raise ValidationError({"password": error.messages}) from error


def _check_fhir_user(fhir_user: str) -> None:
    if fhir_user and not _FHIR_USER.fullmatch(fhir_user):
        raise ValidationError(
            {"fhir_user": "Write Patient/…, Practitioner/…, RelatedPerson/… or Person/… with its id."}
        )
