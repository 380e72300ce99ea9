"""An authorization request on its way through sign-in, choice of the patient, and consent.

It is kept in the browser's session under a random name; each page carries only that name. The request itself is checked
again by oauthlib when it ends.
"""

import re
import secrets
import time
from dataclasses import asdict, dataclass
from datetime import timedelta
from urllib.parse import parse_qs

from django.http import HttpRequest
from django.utils import timezone

from credentials.models import OAuthApplication, ServerUser
from smart.models import DeviceCode, Launch
from smart.scopes import Level, Scopes, Special, intersect, read_scopes
from smart.sessions import signed_in_at

_KEY = "interactions"
_LONGEST = 30 * 60  # seconds
_MOST = 8
_LAUNCH_LIFETIME = timedelta(minutes=10)


@dataclass(slots=True)
class Interaction:
    """`query` is the authorization request's query string; `after`: a sign-in before this time is too old (Unix seconds).

    `device`: primary key of the DeviceCode that waits for the answer, `device_code` what the device shows; else 0 and empty.
    """

    name: str
    deployment_id: str
    query: str
    created: int
    after: int = 0
    patient: str = ""
    patient_name: str = ""
    encounter: str = ""
    encounter_skipped: bool = False
    fault: str = ""
    device: int = 0
    device_code: str = ""

    def parameter(self, name: str) -> str:
        return parse_qs(self.query).get(name, [""])[0]

    def asked(self, application: OAuthApplication) -> Scopes:
        """What is asked for and may be had."""
        return intersect(read_scopes(self.parameter("scope")), read_scopes(application.allowed_scopes))


def begin(
    request: HttpRequest,
    deployment_id: str,
    query: str,
    launch: Launch | None,
    device: DeviceCode | None = None,
) -> Interaction:
    """Remembers the request; the oldest are forgotten."""
    now = int(time.time())
    made = Interaction(secrets.token_urlsafe(16), deployment_id, query, now)
    if "login" in made.parameter("prompt").split():
        made.after = now
    # Whoever allows more seconds than nine digits say allows any sign-in.
    if re.fullmatch("[0-9]{1,9}", made.parameter("max_age")):
        made.after = max(made.after, now - int(made.parameter("max_age")))
    if launch is not None:
        made.patient, made.encounter, made.fault = launch.patient, launch.encounter, launch.fault
    if device is not None:
        made.device, made.device_code = device.pk, device.shown_code
    save(request, made)
    return made


def save(request: HttpRequest, interaction: Interaction) -> None:
    now = time.time()
    known = {
        name: entry
        for name, entry in request.session.get(_KEY, {}).items()
        if entry["created"] + _LONGEST > now
    }
    known[interaction.name] = asdict(interaction)
    newest = sorted(known.items(), key=lambda item: item[1]["created"])[-_MOST:]
    request.session[_KEY] = dict(newest)


def find(request: HttpRequest, deployment_id: str, name: str) -> Interaction | None:
    """None when it has ended, or is another browser's or deployment's."""
    entry = request.session.get(_KEY, {}).get(name)
    if entry is None or entry["created"] + _LONGEST < time.time():
        return None
    found = Interaction(**entry)
    return found if found.deployment_id == deployment_id else None


def end(request: HttpRequest, interaction: Interaction) -> None:
    known = request.session.get(_KEY, {})
    known.pop(interaction.name, None)
    request.session[_KEY] = known


def find_launch(text: str, application: OAuthApplication) -> Launch | None:
    """The launch context that the simulator made for this application, for ten minutes."""
    since = timezone.now() - _LAUNCH_LIFETIME
    return Launch.objects.filter(launch=text, application=application, created__gte=since).first()


def needs_patient(scopes: Scopes) -> bool:
    return Special.LAUNCH_PATIENT in scopes or bool(scopes.at(Level.PATIENT))


def next_page(
    request: HttpRequest, interaction: Interaction, user: ServerUser | None, application: OAuthApplication
) -> str:
    """Which page comes next: `sign-in`, `patient`, `encounter` or `consent`."""
    at = signed_in_at(request, interaction.deployment_id)
    if user is None or at is None or at.timestamp() < interaction.after:
        return "sign-in"
    scopes = interaction.asked(application)
    if needs_patient(scopes) and not interaction.patient:
        return "patient"
    wants_encounter = Special.LAUNCH_ENCOUNTER in scopes and not interaction.encounter
    if wants_encounter and not interaction.encounter_skipped:
        return "encounter"
    return "consent"
