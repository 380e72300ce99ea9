"""Forms of the OAuth tab: they check what was typed; the services decide."""

import json
from datetime import timedelta
from typing import Any

from django import forms

from credentials.forms import requests_field
from credentials.models import ApplicationKind, OAuthApplication
from smart.applications import Registration
from smart.scopes import INTERACTIONS, InvalidScope, Level, Special, parse_scope

_LINES = {"rows": 3, "spellcheck": "false", "class": "input-code"}
OVERLAPS = [("0", "not at all"), ("1", "one hour"), ("24", "one day"), ("168", "one week")]


class LinesField(forms.CharField):
    """A list of texts, one a line; blank lines and spaces around do not count."""

    widget = forms.Textarea(attrs=_LINES)

    def to_python(self, value: Any) -> list[str]:  # type: ignore[override]
        return [line.strip() for line in str(value or "").splitlines() if line.strip()]

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value


class ApplicationForm(forms.Form):
    """`external`: an application of somebody else's server, of which only name, client id and scopes matter."""

    name = forms.CharField(max_length=80, help_text="People see it when they are asked for consent.")
    kind = forms.ChoiceField(label="Type", choices=ApplicationKind.choices, initial=ApplicationKind.PUBLIC)
    client_id = forms.CharField(label="Client id", max_length=200)
    redirect_uris = LinesField(
        label="Redirect URIs",
        required=False,
        help_text="One a line, compared exactly. Not for backend services.",
    )
    launch_url = forms.CharField(
        label="Launch URL",
        required=False,
        max_length=500,
        help_text="Where an EHR launch starts the application.",
    )
    logout_uris = LinesField(
        label="Logout URIs", required=False, help_text="Where it may send people after signing out."
    )
    jwks_uri = forms.CharField(
        label="JWKS URL",
        required=False,
        max_length=500,
        help_text="With keys instead of a secret (private_key_jwt: RS384 or ES384). Confidential and backend only.",
    )
    jwks = forms.CharField(
        label="or public keys (JWKS)",
        required=False,
        max_length=20_000,
        widget=forms.Textarea(attrs={**_LINES, "placeholder": '{"keys": [{"kty": "RSA", …}]}'}),
    )
    device_flow = forms.BooleanField(
        label="Devices without a browser may connect",
        required=False,
        help_text="They show a code, which the person types on another device (RFC 8628). Then redirect URIs are optional.",
    )
    requests_per_second = requests_field()
    scopes = forms.CharField(
        label="Scopes it may ask for",
        required=False,
        widget=forms.Textarea(attrs={**_LINES, "rows": 6}),
        help_text="One a line or with spaces between, SMART version 1 or 2. Type them, or add them with the builder.",
    )

    def __init__(self, *args: Any, external: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        unneeded = (
            ("redirect_uris", "launch_url", "logout_uris", "jwks_uri", "jwks", "device_flow")
            if external
            else ("client_id",)
        )
        for name in unneeded:
            del self.fields[name]

    def clean_jwks(self) -> dict[str, Any] | None:
        text = str(self.cleaned_data.get("jwks", "")).strip()
        if not text:
            return None
        try:
            value = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise forms.ValidationError("This is not JSON.") from error
        if not isinstance(value, dict):
            raise forms.ValidationError('Paste a JWKS: {"keys": […]}.')
        return value

    @property
    def registration(self) -> Registration:
        given = self.cleaned_data
        return Registration(
            name=given["name"],
            kind=ApplicationKind(given["kind"]),
            redirect_uris=given.get("redirect_uris", []),
            logout_uris=given.get("logout_uris", []),
            launch_url=given.get("launch_url", ""),
            jwks=given.get("jwks"),
            jwks_uri=given.get("jwks_uri", ""),
            allowed_scopes=" ".join(given["scopes"].split()),
            device_flow=given.get("device_flow", False),
            requests_per_second=given["requests_per_second"],
            client_id=given.get("client_id", ""),
        )


def initial_of(application: OAuthApplication) -> dict[str, Any]:
    """An application as its form shows it."""
    return {
        "name": application.name,
        "kind": application.kind,
        "client_id": application.client_id,
        "redirect_uris": application.redirect_uris,
        "launch_url": application.launch_url,
        "logout_uris": application.logout_uris,
        "jwks_uri": application.jwks_uri,
        "device_flow": application.device_flow,
        "requests_per_second": application.requests_per_second,
        "jwks": json.dumps(application.jwks, indent=1) if application.jwks else "",
        "scopes": "\n".join(application.allowed_scopes.split()),
    }


class ScopeBuilderForm(forms.Form):
    """Puts a scope together from choices. `v1` is one of read, write, *, or empty for the letters of version 2."""

    hide_optional = True  # which of them are needed, the choices before them say

    special = forms.ChoiceField(
        label="Identity and context",
        required=False,
        choices=[("", "— a data scope —"), *((one.value, one.value) for one in Special)],
    )
    level = forms.ChoiceField(choices=[(one.value, one.value) for one in Level], required=False)
    resource_type = forms.CharField(
        label="Resource type",
        initial="*",
        required=False,
        widget=forms.TextInput(attrs={"list": "resource-types", "data-enter": "add-scope"}),
    )
    letters = forms.MultipleChoiceField(
        label="May",
        required=False,
        choices=list(zip(INTERACTIONS, ["create", "read", "update", "delete", "search"], strict=True)),
        widget=forms.CheckboxSelectMultiple,
        initial=["r", "s"],
    )
    v1 = forms.ChoiceField(
        label="or as in version 1",
        required=False,
        choices=[("", "—"), ("read", "read"), ("write", "write"), ("*", "*")],
    )
    restriction = forms.CharField(
        label="Only where",
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "category=laboratory", "data-enter": "add-scope"}),
    )

    @property
    def scope(self) -> str:
        """The text of the scope. Raises InvalidScope."""
        given = self.cleaned_data if self.is_valid() else {}
        if not given:
            raise InvalidScope("Choose a level, a resource type and what may be done.")
        if given["special"]:
            return str(given["special"])
        letters = given["v1"] or "".join(letter for letter in INTERACTIONS if letter in given["letters"])
        restriction = f"?{given['restriction'].lstrip('?')}" if given["restriction"] else ""
        text = f"{given['level']}/{given['resource_type'] or '*'}.{letters}{restriction}"
        return str(parse_scope(text))


class SecretRotationForm(forms.Form):
    overlap = forms.ChoiceField(label="The old secret works on", choices=OVERLAPS, initial="24")

    def clean_overlap(self) -> timedelta:
        return timedelta(hours=int(self.cleaned_data["overlap"]))


class ServerSettingsForm(forms.Form):
    access_minutes = forms.IntegerField(label="Access tokens live (minutes)", min_value=1, max_value=1440)
    refresh_days = forms.IntegerField(label="Unused refresh tokens live (days)", min_value=1, max_value=730)
    registration_open = forms.BooleanField(
        label="Applications may register themselves",
        required=False,
        help_text="Dynamic registration (RFC 7591) for public and confidential applications, open to anybody.",
    )


class ExternalServerForm(forms.Form):
    """An identity provider by its issuer URL."""

    name = forms.CharField(max_length=80)
    issuer = forms.CharField(
        label="Issuer URL", max_length=500, help_text="Exactly as the iss claim of its tokens has it."
    )
    audience = forms.CharField(
        max_length=300,
        required=False,
        help_text="What the aud claim must hold. Empty: this deployment's FHIR base.",
    )
    scope_claim = forms.CharField(label="Claim with the scopes", max_length=80, initial="scope")
    patient_claim = forms.CharField(label="Claim with the patient", max_length=80, initial="patient")
    fhir_user_claim = forms.CharField(label="Claim with the fhirUser", max_length=80, initial="fhirUser")
    introspection_client_id = forms.CharField(
        label="Client id for introspection",
        max_length=200,
        required=False,
        help_text="Only for opaque tokens: the provider is then asked about each (RFC 7662). Empty: it is not asked.",
    )
    introspection_secret = forms.CharField(
        label="Client secret for introspection",
        max_length=500,
        required=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        help_text="Stored encrypted and never shown. Leave it empty to keep the one that is stored.",
    )
    leeway = forms.IntegerField(label="Clock skew allowed (seconds)", min_value=0, max_value=300, initial=30)
    token = forms.CharField(
        label="An access token, to check",
        required=False,
        max_length=16_000,
        widget=forms.Textarea(attrs={**_LINES, "autocomplete": "off"}),
        help_text="It is checked rule by rule and kept nowhere.",
    )


class ServerUserForm(forms.Form):
    username = forms.CharField(
        label="User name", max_length=150, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    name = forms.CharField(max_length=150, required=False)
    email = forms.EmailField(required=False, help_text="For the invitation.")
    fhir_user = forms.CharField(
        label="fhirUser",
        max_length=100,
        required=False,
        help_text="Patient/…, Practitioner/…, RelatedPerson/… or Person/… of this deployment: whose data it is.",
    )


class LaunchForm(forms.Form):
    patient = forms.CharField(label="Patient id", max_length=64, required=False)
    encounter = forms.CharField(label="Encounter id", max_length=64, required=False)
    fault = forms.ChoiceField(label="What goes wrong", required=False)

    def offer(self, faults: list[tuple[str, str]], visits: list[tuple[str, str]]) -> None:
        """`visits`: of the chosen patient, as (logical id, words); where none is known, an id can be typed."""
        self.fields["fault"].choices = faults  # type: ignore[attr-defined]
        if visits:
            self.fields["encounter"].label = "Visit"
            self.fields["encounter"].widget = forms.Select(choices=[("", "none"), *visits])
