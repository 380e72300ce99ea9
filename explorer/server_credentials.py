"""The credentials that a person has for a server elsewhere: several, by name, one of them in use. Kept encrypted, never shown."""

import base64
import json
from dataclasses import asdict, dataclass
from datetime import timedelta

from django.utils import timezone

from explorer.building.outgoing import Secret
from explorer.held import Held, read_token
from explorer.models import ForeignServer, Scheme, ServerCredential
from portal.models import User
from portal.oauth_client import Client, Granted, OAuthFault, client_token
from portal.secrets import UnreadableSecret, decrypt, encrypt

MOST_CREDENTIALS = 8
_VARIABLES = {
    Scheme.BEARER: "FHIR_TOKEN",
    Scheme.CLIENT: "FHIR_TOKEN",
    Scheme.BASIC: "FHIR_BASIC",
    Scheme.HEADER: "FHIR_API_KEY",
}
_SCHEMES = {Scheme.BEARER: "Bearer", Scheme.CLIENT: "Bearer", Scheme.BASIC: "Basic"}
_RETRY = timedelta(seconds=30)


@dataclass(frozen=True)
class Pasted:
    """A credential as it was typed; `secret` is a token, `user:password`, or a key."""

    scheme: str
    secret: str
    name: str = ""
    header: str = ""

    def __repr__(self) -> str:
        return f"Pasted({self.scheme}, {self.name})"


def add_credential(server: ForeignServer, user: User, pasted: Pasted) -> ServerCredential:
    """Keep it and make it the one in use."""
    name = pasted.name or Scheme(pasted.scheme).label
    made = ServerCredential(
        name=name, scheme=pasted.scheme, header=pasted.header or "x-api-key", sealed=encrypt(pasted.secret)
    )
    return _keep(server, user, made)


def add_client(server: ForeignServer, user: User, client: Client, name: str = "") -> ServerCredential:
    """Fetch a token with client credentials, and keep both. Raises OAuthFault."""
    granted = client_token(client)
    made = ServerCredential(name=name or client.client_id[:80], scheme=Scheme.CLIENT)
    made.client = encrypt(json.dumps(asdict(client)))
    _take(made, granted, client)
    return _keep(server, user, made)


def add_granted(server: ForeignServer, user: User, granted: Granted, client: Client) -> ServerCredential:
    """Keep the token that a sign-in ended with."""
    made = ServerCredential(name=f"Signed in with {client.client_id}"[:80], scheme=Scheme.BEARER)
    _take(made, granted, client)
    return _keep(server, user, made)


def list_held(server: ForeignServer, user: User) -> list[Held]:
    return [_held(each) for each in _of(server, user)]


def use(server: ForeignServer, user: User, credential_id: str) -> None:
    """Make another credential the one in use; an unknown id means none."""
    for each in _of(server, user):
        if each.active != (str(each.pk) == credential_id):
            each.active = not each.active
            each.save(update_fields=["active"])


def forget(server: ForeignServer, user: User, credential_id: str) -> None:
    """Forget one of one's own; the newest that is left is used then."""
    found = [each for each in _of(server, user) if str(each.pk) == credential_id]
    for each in found:
        each.delete()
    left = _of(server, user)
    if left and any(each.active for each in found):
        use(server, user, str(left[-1].pk))


def forget_of(server: ForeignServer, user: User) -> None:
    ServerCredential.objects.filter(server=server, user=user).delete()


def forget_all_but(server: ForeignServer, user: User) -> None:
    ServerCredential.objects.filter(server=server).exclude(user=user).delete()


def _of(server: ForeignServer, user: User) -> list[ServerCredential]:
    return list(ServerCredential.objects.filter(server=server, user=user))


def _keep(server: ForeignServer, user: User, made: ServerCredential) -> ServerCredential:
    for old in _of(server, user)[: -MOST_CREDENTIALS + 1]:
        old.delete()
    made.server, made.user = server, user
    made.save()
    use(server, user, str(made.pk))
    return made


def _take(credential: ServerCredential, granted: Granted, client: Client) -> None:
    credential.sealed = encrypt(granted.access_token)
    credential.scope = (granted.scope or client.scope)[:2000]
    credential.expires = timezone.now() + timedelta(seconds=granted.lives)
    credential.problem = ""


def _renew(credential: ServerCredential) -> None:
    """A token of client credentials that is over is fetched anew; when that fails, not again for a moment."""
    if credential.scheme != Scheme.CLIENT or not credential.active or not credential.expires:
        return
    if credential.expires > timezone.now():
        return
    try:
        client = Client(**json.loads(decrypt(credential.client)))
        _take(credential, client_token(client), client)
    except (OAuthFault, UnreadableSecret) as error:
        credential.problem = str(error)[:300]
        credential.expires = timezone.now() + _RETRY
    credential.save()


def _held(credential: ServerCredential) -> Held:
    _renew(credential)
    scheme, problem = Scheme(credential.scheme), credential.problem
    try:
        text = decrypt(credential.sealed)
    except UnreadableSecret:
        text, problem = "", "cannot be read any more"
    header, claims = read_token(text) if scheme in (Scheme.BEARER, Scheme.CLIENT) else ({}, {})
    if scheme == Scheme.BASIC:
        text = base64.b64encode(text.encode()).decode()
    if not problem and credential.expires and credential.expires <= timezone.now():
        problem = "expired"
    is_token = scheme in (Scheme.BEARER, Scheme.CLIENT)
    return Held(
        str(credential.pk),
        "token" if is_token else str(credential.scheme),
        credential.name,
        " · ".join(filter(None, [str(scheme.label), credential.scope])),
        credential.expires,
        credential.active,
        problem,
        text,
        claims,
        header,
        sends=_secret_of(credential, scheme),
    )


def _secret_of(credential: ServerCredential, scheme: Scheme) -> Secret:
    name = credential.header if scheme == Scheme.HEADER else "Authorization"
    return Secret(name, _VARIABLES[scheme], _SCHEMES.get(scheme, ""))
