"""Servers elsewhere: opened by base URL, their credential kept encrypted, everything sent through the guarded client."""

import base64

from django.contrib.sessions.backends.base import SessionBase
from django.shortcuts import get_object_or_404

from deployments.upstream import check_upstream
from explorer.building.outgoing import Outgoing, Secret
from explorer.held import Held, list_held
from explorer.models import ForeignServer, Scheme
from explorer.targets import Target
from portal.models import User
from portal.secrets import UnreadableSecret, decrypt, encrypt

MOST_SERVERS = 20
_VARIABLES = {Scheme.BEARER: "FHIR_TOKEN", Scheme.BASIC: "FHIR_BASIC", Scheme.HEADER: "FHIR_API_KEY"}
_SCHEMES = {Scheme.BEARER: "Bearer", Scheme.BASIC: "Basic"}


def open_server(
    user: User, base: str, scheme: str, header: str, secret: str, answers_in: str
) -> ForeignServer:
    """Remember a server, or what is new about it. An empty secret keeps the stored one of the same scheme.

    Raises ValidationError for an address that Fireside may not send to.
    """
    url = check_upstream(base)
    found = ForeignServer.objects.filter(user=user, base=url).first() or ForeignServer(user=user, base=url)
    if scheme != found.scheme or scheme == Scheme.NONE:
        found.sealed = ""
    found.scheme, found.header, found.format = scheme, header or "x-api-key", answers_in
    if secret and scheme != Scheme.NONE:
        found.sealed = encrypt(secret)
    found.save()
    kept = ForeignServer.objects.filter(user=user)[:MOST_SERVERS].values_list("pk", flat=True)
    ForeignServer.objects.filter(user=user).exclude(pk__in=list(kept)).delete()
    return found


def list_servers(user: User) -> list[ForeignServer]:
    return list(ForeignServer.objects.filter(user=user))


def get_server_for(user: User, server_id: str) -> ForeignServer:
    """One's own server. Raises Http404 for anybody else's."""
    return get_object_or_404(ForeignServer, pk=server_id, user=user)


def held_for(server: ForeignServer) -> Held | None:
    """The credential that goes with each request to the server, None for none."""
    try:
        text = decrypt(server.sealed) if server.sealed else ""
    except UnreadableSecret:
        text = ""
    if not text:
        return None
    if server.scheme == Scheme.BASIC:
        text = base64.b64encode(text.encode()).decode()
    label = Scheme(server.scheme).label
    return Held(server.pk, "token", label, "", None, True, "", text, {}, sends=_secret_of(server))


def list_credentials(session: SessionBase, target: Target) -> list[Held]:
    """What a person may send requests to this target with."""
    if isinstance(target, ForeignServer):
        held = held_for(target)
        return [held] if held else []
    return list_held(session, target)


def credential_in_use(session: SessionBase, target: Target) -> Held | None:
    return next((held for held in list_credentials(session, target) if held.active), None)


def addressed(request: Outgoing, server: ForeignServer) -> Outgoing:
    """The request as it leaves for the server: marked as one for outside, the answer's format in `_format`."""
    wants_xml = any(name == "Accept" and "xml" in value for name, value in request.headers)
    mark = "&" if "?" in request.url else "?"
    return request.going_out(f"{request.url}{mark}_format={'xml' if wants_xml else 'json'}")


def _secret_of(server: ForeignServer) -> Secret:
    name = server.header if server.scheme == Scheme.HEADER else "Authorization"
    scheme = Scheme(server.scheme)
    return Secret(name, _VARIABLES[scheme], _SCHEMES.get(scheme, ""))
