"""Dynamic client registration (RFC 7591): only while an administrator has opened it, and never for backend services.

What is asked for and not known is left out of the answer. Addresses of logos and policies are neither fetched nor shown.
"""

from typing import Any

from django.core.exceptions import ValidationError

from credentials.models import ApplicationKind, AuthenticationServer, OAuthApplication
from smart.applications import Registration, create_application
from smart.scopes import Level, ResourceScope, Scopes, Special, read_scopes

_METHODS = {
    "none": ApplicationKind.PUBLIC,
    "client_secret_basic": ApplicationKind.CONFIDENTIAL,
    "client_secret_post": ApplicationKind.CONFIDENTIAL,
    "private_key_jwt": ApplicationKind.CONFIDENTIAL,
}
_GRANTS = frozenset({"authorization_code", "refresh_token"})
# What an application gets that says nothing of scopes: to read the chosen patient's record.
_USUAL = "openid fhirUser profile launch launch/patient offline_access patient/*.rs"
_MOST = 1000


class RegistrationRefused(Exception):
    """`error` is RFC 7591's code."""

    def __init__(self, error: str, description: str) -> None:
        super().__init__(description)
        self.error, self.description = error, description


def register(server: AuthenticationServer, asked: dict[str, Any]) -> dict[str, Any]:
    """The answer to the application. Raises RegistrationRefused."""
    if server.applications.filter(self_registered=True).count() >= _MOST:
        raise RegistrationRefused("invalid_client_metadata", "Too many applications registered themselves.")
    method = asked.get("token_endpoint_auth_method", "client_secret_basic")
    if method not in _METHODS:
        raise RegistrationRefused("invalid_client_metadata", "token_endpoint_auth_method is not supported.")
    grants = asked.get("grant_types", ["authorization_code"])
    if not isinstance(grants, list) or not set(map(str, grants)) <= _GRANTS:
        raise RegistrationRefused("invalid_client_metadata", "Only authorization_code and refresh_token.")
    registration = _read(asked, method)
    try:
        application, secret = create_application(server, registration, by=None, self_registered=True)
    except ValidationError as error:
        field, problems = next(iter(error.message_dict.items()))
        code = "invalid_redirect_uri" if field == "redirect_uris" else "invalid_client_metadata"
        raise RegistrationRefused(code, f"{field}: {problems[0]}") from error
    return _answer(application, secret, method, grants)


def _read(asked: dict[str, Any], method: str) -> Registration:
    keys = asked.get("jwks")
    if method == "private_key_jwt" and not (keys or asked.get("jwks_uri")):
        raise RegistrationRefused("invalid_client_metadata", "private_key_jwt needs jwks or jwks_uri.")
    return Registration(
        name=_text(asked, "client_name")[:80] or "An application",
        kind=_METHODS[method],
        redirect_uris=_texts(asked, "redirect_uris"),
        logout_uris=_texts(asked, "post_logout_redirect_uris"),
        launch_url=_text(asked, "initiate_login_uri"),
        jwks=keys if method == "private_key_jwt" and isinstance(keys, dict) else None,
        jwks_uri=_text(asked, "jwks_uri") if method == "private_key_jwt" else "",
        allowed_scopes=str(_scopes(_text(asked, "scope") or _USUAL)),
    )


def _scopes(text: str) -> Scopes:
    """Those that a person can grant."""
    personal = [
        one
        for one in read_scopes(text)
        if isinstance(one, Special) or (isinstance(one, ResourceScope) and one.level is not Level.SYSTEM)
    ]
    return Scopes(tuple(personal))


def _text(asked: dict[str, Any], name: str) -> str:
    value = asked.get(name, "")
    if not isinstance(value, str):
        raise RegistrationRefused("invalid_client_metadata", f"{name} is not a text.")
    return value


def _texts(asked: dict[str, Any], name: str) -> list[str]:
    value = asked.get(name, [])
    if not isinstance(value, list) or len(value) > 20 or not all(isinstance(one, str) for one in value):
        raise RegistrationRefused("invalid_client_metadata", f"{name} is not a list of texts.")
    return value


def _answer(application: OAuthApplication, secret: str, method: str, grants: list[str]) -> dict[str, Any]:
    answer: dict[str, Any] = {
        "client_id": application.client_id,
        "client_id_issued_at": int(application.created.timestamp()),
        "client_name": application.name,
        "redirect_uris": application.redirect_uris,
        "grant_types": grants,
        "response_types": ["code"],
        "token_endpoint_auth_method": method,
        "scope": application.allowed_scopes,
    }
    if secret:
        answer |= {"client_secret": secret, "client_secret_expires_at": 0}
    return answer
