"""The fields by which a connected server is told who asks; what is typed is sealed at once."""

from typing import Any

from django import forms
from django.db import models

from deployments.upstream_credentials import seal_basic, seal_client, seal_header


class UpstreamScheme(models.TextChoices):
    NONE = "none", "No authorization"
    HEADER = "header", "One header: a bearer token or an API key"
    BASIC = "basic", "User name and password (basic)"
    CLIENT = "client", "OAuth 2.0 client credentials"


class UpstreamFields(forms.Form):
    upstream_scheme = forms.ChoiceField(choices=UpstreamScheme.choices, required=False)
    upstream_credential = forms.CharField(required=False, max_length=4096)
    upstream_user = forms.CharField(required=False, max_length=200)
    upstream_password = forms.CharField(required=False, max_length=1000, strip=False)
    upstream_client_id = forms.CharField(required=False, max_length=500)
    upstream_client_secret = forms.CharField(required=False, max_length=4000)
    upstream_scope = forms.CharField(required=False, max_length=2000)
    upstream_token_url = forms.CharField(required=False, max_length=500)

    def seal(self, chosen: dict[str, Any], base: str) -> str:
        """The credential for the server at `base`, encrypted; empty for none. Raises ValidationError."""
        given = {name: str(chosen.get(f"upstream_{name}") or "") for name in _NAMES}
        scheme = given["scheme"] or UpstreamScheme.HEADER
        if scheme == UpstreamScheme.BASIC:
            return seal_basic(given["user"], given["password"])
        if scheme == UpstreamScheme.CLIENT:
            return seal_client(
                base, given["client_id"], given["client_secret"], given["scope"], given["token_url"]
            )
        return seal_header(given["credential"]) if scheme == UpstreamScheme.HEADER else ""


class UpstreamForm(UpstreamFields):
    """Another credential for a server that is connected already."""

    sealed = ""

    def __init__(self, *args: Any, base: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.base = base

    def clean(self) -> dict[str, Any]:
        chosen = super().clean() or self.cleaned_data
        self.sealed = self.seal(chosen, self.base)
        return chosen


_NAMES = (
    *("scheme", "credential", "user", "password"),
    *("client_id", "client_secret", "scope", "token_url"),
)
