"""The fields by which a server elsewhere is told who asks."""

from django import forms

from explorer.models import ForeignServer, Scheme
from explorer.server_credentials import Pasted, add_client, add_credential
from portal.models import User
from portal.oauth_client import Client, discover

_OF_THE_CONNECTION = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "accept", "content-type"}
)


class CredentialForm(forms.Form):
    scheme = forms.ChoiceField(choices=Scheme.choices, required=False)
    name = forms.CharField(max_length=80, required=False)
    header = forms.RegexField(r"^[A-Za-z][A-Za-z0-9-]*$", max_length=60, required=False)
    secret = forms.RegexField(r"^[\x20-\x7e]*$", max_length=8_000, required=False)
    client_id = forms.CharField(max_length=500, required=False)
    client_secret = forms.CharField(max_length=4_000, required=False)
    scope = forms.CharField(max_length=2_000, required=False)

    def clean(self) -> None:
        found = self.cleaned_data
        scheme, secret = found.get("scheme"), (found.get("secret") or "").strip()
        if scheme == Scheme.BASIC and secret and ":" not in secret:
            self.add_error("secret", "Write user name and password with a colon between them.")
        if scheme == Scheme.BEARER and secret.lower().startswith("bearer "):
            found["secret"] = secret[len("bearer ") :].strip()
        if found.get("header", "").lower() in _OF_THE_CONNECTION:
            self.add_error("header", "This header belongs to the connection itself.")
        if scheme == Scheme.CLIENT and not (found.get("client_id") and found.get("client_secret")):
            self.add_error("client_id", "Give client id and client secret.")

    def add_to(self, server: ForeignServer, user: User) -> bool:
        """Keep what was typed; False when nothing was. Raises OAuthFault."""
        found = self.cleaned_data
        scheme, secret = found["scheme"] or Scheme.NONE, found["secret"].strip()
        if scheme == Scheme.CLIENT:
            client = Client(
                discover(server.base).token_endpoint,
                found["client_id"],
                found["client_secret"],
                found["scope"],
            )
            add_client(server, user, client, found["name"])
            return True
        if scheme == Scheme.NONE or not secret:
            return False
        add_credential(server, user, Pasted(scheme, secret, found["name"], found["header"]))
        return True
