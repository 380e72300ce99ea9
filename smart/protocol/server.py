"""The endpoints of one issuer, put together from oauthlib's parts.

Only the authorization code, refresh token, client credentials and device code grants exist: no implicit, no password (RFC 9700, 2.1.2
and 2.4). PKCE knows only S256.
"""

import json
import re
from typing import Any
from urllib.parse import urlencode

from oauthlib.common import Request
from oauthlib.oauth2 import (
    AuthorizationCodeGrant,
    AuthorizationEndpoint,
    BearerToken,
    ClientCredentialsGrant,
    DeviceAuthorizationEndpoint,
    DeviceCodeGrant,
    IntrospectEndpoint,
    RefreshTokenGrant,
    RevocationEndpoint,
    TokenEndpoint,
)
from oauthlib.oauth2.rfc6749 import errors
from oauthlib.oauth2.rfc6749.grant_types.authorization_code import code_challenge_method_s256

from credentials.models import AuthenticationServer, OAuthApplication
from smart import devices
from smart.addresses import issuer
from smart.id_tokens import sign_id_token
from smart.models import Authorization
from smart.protocol import redemption
from smart.protocol.client_authentication import read_presented
from smart.protocol.validator import DEVICE_GRANT, IssuerValidator, spend
from smart.scopes import Special, read_scopes
from smart.tokens import sign_access_token

_CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
_BACKEND_LIFETIME = 300  # seconds; SMART Backend Services: should not exceed five minutes


class _CodeGrant(AuthorizationCodeGrant):
    _code_challenge_methods = {"S256": code_challenge_method_s256}

    def __init__(self, validator: IssuerValidator) -> None:
        super().__init__(validator, pre_auth=[_check_shape], post_token=[spend])
        self.issuer = issuer(validator.server.deployment_id)

    def create_authorization_code(self, request: Any) -> dict[str, str]:
        """With the issuer, so that an application with several servers cannot mix them up (RFC 9207)."""
        made: dict[str, str] = super().create_authorization_code(request)
        return {**made, "code": redemption.new_text(), "iss": self.issuer}


class _ClientCredentialsGrant(ClientCredentialsGrant):
    def __init__(self, validator: IssuerValidator) -> None:
        super().__init__(validator, post_token=[_authorize_service])


class _SmartToken(BearerToken):
    """Adds to the token response what SMART App Launch and OpenID Connect put there."""

    def __init__(self, validator: IssuerValidator) -> None:
        super().__init__(validator, _sign, self.lifetime, _make_refresh_token)
        self.server = validator.server

    __slots__ = ("server",)

    def lifetime(self, request: Any) -> int:
        if request.grant_type == "client_credentials":
            return min(_BACKEND_LIFETIME, self.server.access_token_lifetime)
        return self.server.access_token_lifetime

    def create_token(self, request: Any, refresh_token: bool = False, **_: Any) -> dict[str, Any]:
        authorization: Authorization = request.authorization
        wanted = refresh_token and redemption.wants_refresh_token(authorization)
        token: dict[str, Any] = super().create_token(request, refresh_token=wanted)
        if authorization.patient:
            token |= {"patient": authorization.patient, "need_patient_banner": True}
        if authorization.encounter:
            token["encounter"] = authorization.encounter
        if authorization.user is not None and Special.OPENID in read_scopes(" ".join(request.scopes)):
            token["id_token"] = sign_id_token(authorization, token["access_token"])
        return token


class IssuerServer(
    AuthorizationEndpoint, TokenEndpoint, DeviceAuthorizationEndpoint, IntrospectEndpoint, RevocationEndpoint
):
    """What the views call: `create_token_response(uri, method, body, headers)` and its like."""

    def __init__(self, server: AuthenticationServer, trusted: OAuthApplication | None = None) -> None:
        """`trusted` needs no proof that it is itself: only for the portal's own trials."""
        self.validator = IssuerValidator(server, trusted)
        token = _SmartToken(self.validator)
        code = _CodeGrant(self.validator)
        AuthorizationEndpoint.__init__(self, "code", token, {"code": code})
        TokenEndpoint.__init__(
            self,
            "unsupported",
            token,
            {
                "authorization_code": code,
                "refresh_token": RefreshTokenGrant(self.validator, post_token=[spend]),
                "client_credentials": _ClientCredentialsGrant(self.validator),
                DEVICE_GRANT: DeviceCodeGrant(self.validator, post_token=[spend]),
                "unsupported": _NoGrant(),
            },
        )
        page = f"{issuer(server.deployment_id)}/device"
        DeviceAuthorizationEndpoint.__init__(
            self,
            self.validator,
            page,
            expires_in=int(devices.LIFETIME.total_seconds()),
            interval=devices.INTERVAL,
            verification_uri_complete=f"{page}?user_code={{user_code}}",
            user_code_generator=devices.new_user_code,
        )
        RevocationEndpoint.__init__(self, self.validator)
        IntrospectEndpoint.__init__(self, self.validator)

    def create_device_authorization_response(
        self, uri: str, http_method: str = "POST", body: str | None = None, headers: Any = None
    ) -> tuple[dict[str, str], str, int]:
        """oauthlib's answer, as JSON; what it promises is remembered."""
        request = Request(uri, http_method, body, headers)
        presented = read_presented(request.headers, dict(request.decoded_body or []))
        if presented.client_id and not request.client_id:
            body = f"{body or ''}&{urlencode({'client_id': presented.client_id})}"
        made, data, status = super().create_device_authorization_response(uri, http_method, body, headers)
        application = self.validator.find_device_application(presented.client_id)
        devices.store_device_code(data["device_code"], data["user_code"], application, data.pop("scope", ""))
        return made, json.dumps(data), status

    def validate_introspect_request(self, request: Any) -> None:
        """Only for applications that can prove who they are."""
        self._raise_on_bad_method(request)
        self._raise_on_bad_post_request(request)
        self._raise_on_missing_token(request)
        if not self.validator.authenticate_client(request):
            raise errors.InvalidClientError(request=request)


class _NoGrant:
    """Every other grant type."""

    def create_token_response(self, request: Any, token_handler: Any) -> tuple[dict[str, str], str, int]:
        error: errors.OAuth2Error = errors.UnsupportedGrantTypeError(request=request)
        if not request.grant_type:
            error = errors.InvalidRequestError("Missing grant_type parameter.", request=request)
        return (
            {"Content-Type": "application/json", "Cache-Control": "no-store"},
            error.json,
            error.status_code,
        )


def _check_shape(request: Any) -> dict[str, Any]:
    """What oauthlib leaves open: the form of a challenge, and features that we do not have."""
    challenge = request.code_challenge
    if challenge is not None and not _CHALLENGE.fullmatch(challenge):
        raise errors.InvalidRequestError(
            "code_challenge is not 43 to 128 unreserved characters.", request=request
        )
    if len(request.nonce or "") > 300:
        raise errors.InvalidRequestError("nonce is longer than 300 characters.", request=request)
    return {}


def _authorize_service(request: Any) -> None:
    """A backend service was authorized by the administrator who registered it."""
    authorization = Authorization(application=request.client, scopes=" ".join(request.scopes))
    authorization.save()
    request.authorization = authorization


def _sign(request: Any) -> str:
    scopes, refreshed = read_scopes(" ".join(request.scopes)), request.grant_type == "refresh_token"
    return sign_access_token(request.authorization, scopes, request.expires_in, refreshed=refreshed)


def _make_refresh_token(request: Any) -> str:
    return redemption.make_refresh_token(request.authorization)
