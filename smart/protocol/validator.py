"""What oauthlib asks while it walks through a request, answered for one issuer from our models."""

from typing import Any

from django.utils import timezone
from oauthlib.oauth2 import DeviceCodeGrant, RequestValidator
from oauthlib.oauth2.rfc6749 import errors

from credentials.models import AuthenticationServer, OAuthApplication
from smart import devices
from smart.addresses import trial_callback
from smart.models import Authorization, AuthorizationCode, DeviceCode, RefreshToken
from smart.protocol import redemption
from smart.protocol.client_authentication import ASSERTION_TYPE, authenticate, read_presented
from smart.protocol.introspection import describe_token, find_authorization
from smart.scopes import InvalidScope, intersect, is_within, parse_scope, read_scopes

DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_AUTHORIZED = DeviceCodeGrant.DEVICE_CODE_AUTHORIZED
_GRANTS = {
    "public": {"authorization_code", "refresh_token", DEVICE_GRANT},
    "confidential": {"authorization_code", "refresh_token", DEVICE_GRANT},
    "backend": {"client_credentials"},
}


class IssuerValidator(RequestValidator):
    """`request` is oauthlib's; we set its `client`, `authorization` and `spent_…` for later steps."""

    def __init__(self, server: AuthenticationServer, trusted: OAuthApplication | None = None) -> None:
        super().__init__()
        self.server, self.trusted = server, trusted

    def _application(self, client_id: str | None) -> OAuthApplication | None:
        found = self.server.applications.filter(client_id=client_id or "", enabled=True).first()
        if found is not None:
            found.server = self.server
        return found

    # -- authorize ----------------------------------------------------------------------------------------------

    def validate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        request.client = self._application(client_id)
        return request.client is not None and not request.client.is_backend

    def validate_redirect_uri(
        self, client_id: str, redirect_uri: str, request: Any, *_: Any, **__: Any
    ) -> bool:
        own = trial_callback(self.server.deployment_id)
        return redirect_uri in request.client.redirect_uris or redirect_uri == own

    def get_default_redirect_uri(self, *_: Any, **__: Any) -> None:
        """There is none: the address must always be given (RFC 9700, 2.1)."""
        return

    def validate_response_type(
        self, client_id: str, response_type: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return response_type == "code"

    def is_pkce_required(self, client_id: str, request: Any) -> bool:
        return bool(request.client.is_public)

    def get_default_scopes(self, client_id: str, request: Any, *_: Any, **__: Any) -> list[str]:
        return []

    def validate_scopes(
        self, client_id: str, scopes: list[str], client: OAuthApplication, request: Any, *_: Any, **__: Any
    ) -> bool:
        """What the application may have of what it asks for; nothing at all is an error."""
        allowed = intersect(read_scopes(" ".join(scopes)), read_scopes(client.allowed_scopes))
        request.scopes = [str(scope) for scope in allowed]
        return bool(request.scopes)

    def save_authorization_code(
        self, client_id: str, code: dict[str, str], request: Any, *_: Any, **__: Any
    ) -> None:
        """`request.granted` is the unsaved Authorization that the consent page made."""
        authorization: Authorization = request.granted
        authorization.application = request.client
        authorization.scopes = " ".join(request.scopes)
        authorization.nonce = request.nonce or ""
        authorization.save()
        redemption.store_code(code["code"], authorization, request.redirect_uri, request.code_challenge or "")

    # -- who is it ----------------------------------------------------------------------------------------------

    def client_authentication_required(self, request: Any, *_: Any, **__: Any) -> bool:
        if self.trusted is not None:
            return True
        presented = read_presented(request.headers, _sent(request))
        application = self._application(presented.client_id) or self._bearer_of_refresh_token(request)
        return presented.ways > 0 or application is None or not application.is_public

    def authenticate_client(self, request: Any, *_: Any, **__: Any) -> bool:
        if self.trusted is not None:
            request.client, request.client_id = self.trusted, self.trusted.client_id
            return self.trusted.enabled
        sent = _sent(request)
        presented, kind = read_presented(request.headers, sent), sent.get("client_assertion_type", "")
        if presented.assertion and kind != ASSERTION_TYPE:
            raise errors.InvalidRequestError(
                f"client_assertion_type must be {ASSERTION_TYPE}.", request=request
            )
        request.client = authenticate(self.server, presented)
        if request.client is not None:
            request.client_id = request.client.client_id
        return request.client is not None

    def authenticate_client_id(self, client_id: str, request: Any, *_: Any, **__: Any) -> bool:
        request.client = self._application(client_id) or self._bearer_of_refresh_token(request)
        return request.client is not None and request.client.is_public

    def _bearer_of_refresh_token(self, request: Any) -> OAuthApplication | None:
        """A public application need not name itself to refresh (RFC 6749, 6): its token does. Some libraries do not."""
        if request.client_id or request.grant_type != "refresh_token":
            return None
        token = redemption.get_refresh_token(request.refresh_token or "")
        return self._application(token.authorization.application.client_id) if token else None

    def validate_grant_type(
        self, client_id: str, grant_type: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        return grant_type in _GRANTS[client.kind] and (grant_type != DEVICE_GRANT or client.device_flow)

    # -- codes --------------------------------------------------------------------------------------------------

    def validate_code(self, client_id: str, code: str, client: Any, request: Any, *_: Any, **__: Any) -> bool:
        found = redemption.find_code(code, client)
        if found is None:
            return False
        request.spent_code, request.authorization = found, found.authorization
        request.user, request.scopes = found.authorization.user, found.authorization.scopes.split()
        return True

    def get_code_challenge(self, code: str, request: Any) -> str | None:
        challenge: str = request.spent_code.code_challenge
        if not challenge and request.code_verifier:
            # A verifier without a challenge: somebody took the challenge away (RFC 9700, 4.8.2).
            raise errors.InvalidGrantError("No code_challenge was sent.", request=request)
        return challenge or None

    def get_code_challenge_method(self, code: str, request: Any) -> str:
        return "S256"

    def confirm_redirect_uri(
        self, client_id: str, code: str, redirect_uri: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        found: AuthorizationCode = request.spent_code
        if redirect_uri != found.redirect_uri:
            raise errors.InvalidGrantError(
                "redirect_uri is not that of the authorization request.", request=request
            )
        return True

    def invalidate_authorization_code(self, *_: Any, **__: Any) -> None:
        """It was spent before the tokens were made, see `server.spend`."""

    # -- devices ------------------------------------------------------------------------------------------------

    def find_device_application(self, client_id: str) -> OAuthApplication:
        """Raises UnauthorizedClientError unless it may connect from devices."""
        application = self._application(client_id)
        if application is None or not application.device_flow:
            raise errors.UnauthorizedClientError("This application may not connect from devices.")
        return application

    def validate_device_code(self, client_id: str, code: str, request: Any, *_: Any, **__: Any) -> str | None:
        found = devices.find_device_code(code, request.client)
        status = devices.status_of(found) if found is not None else None
        if found is not None and found.authorization is not None and status == _AUTHORIZED:
            request.spent_device, request.authorization = found, found.authorization
            request.user, request.scopes = found.authorization.user, found.authorization.scopes.split()
        return status

    # -- refresh tokens -----------------------------------------------------------------------------------------

    def validate_refresh_token(
        self, refresh_token: str, client: Any, request: Any, *_: Any, **__: Any
    ) -> bool:
        found = redemption.find_refresh_token(refresh_token, client)
        if found is None:
            return False
        request.spent_refresh, request.authorization = found, found.authorization
        request.user = found.authorization.user
        return True

    def get_original_scopes(self, refresh_token: str, request: Any, *_: Any, **__: Any) -> list[str]:
        """All that was granted: asking for less once does not give the rest up."""
        authorization: Authorization = request.authorization
        return authorization.scopes.split()

    def is_within_original_scope(
        self, request_scopes: list[str], refresh_token: str, request: Any, *_: Any, **__: Any
    ) -> bool:
        granted = read_scopes(request.authorization.scopes)
        try:
            asked = [parse_scope(scope) for scope in request_scopes]
        except InvalidScope:
            return False
        return is_within(type(granted)(tuple(asked)), granted)

    def rotate_refresh_token(self, request: Any) -> bool:
        return True

    # -- tokens -------------------------------------------------------------------------------------------------

    def save_bearer_token(self, token: dict[str, Any], request: Any, *_: Any, **__: Any) -> None:
        """Access tokens are not stored. Notes that the application is in use."""
        OAuthApplication.objects.filter(pk=request.client.pk).update(last_used_at=timezone.now())

    def introspect_token(
        self, token: str, token_type_hint: str | None, request: Any, *_: Any, **__: Any
    ) -> dict[str, Any] | None:
        return describe_token(token, self.server)

    def revoke_token(self, token: str, token_type_hint: str | None, request: Any, *_: Any, **__: Any) -> None:
        """Of an authorization of this application only; another's token is none of its business (RFC 7009, 2.1)."""
        found = find_authorization(token, self.server)
        if found is not None and found.application_id == request.client.pk:
            redemption.revoke(found, "the application gave it back")


def spend(request: Any) -> None:
    """The last check of a token request: its code or refresh token is spent now, or somebody was quicker."""
    code: AuthorizationCode | None = getattr(request, "spent_code", None)
    refresh: RefreshToken | None = getattr(request, "spent_refresh", None)
    spent = code is None or redemption.spend_code(code)
    device: DeviceCode | None = getattr(request, "spent_device", None)
    spent = spent and (device is None or devices.spend_device_code(device))
    spent = spent and (refresh is None or redemption.spend_refresh_token(refresh))
    if not spent:
        raise errors.InvalidGrantError(request=request)


def _sent(request: Any) -> dict[str, str]:
    """The parameters of the body, as they came."""
    return dict(request.decoded_body or [])
