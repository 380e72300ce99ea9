"""API keys and their secrets; authentication servers, their applications and their users."""

from credentials.models.api_key import ApiKey, ApiKeySecret
from credentials.models.authentication_server import AuthenticationServer, ServerKind
from credentials.models.oauth_application import ApplicationKind, ClientSecret, OAuthApplication
from credentials.models.server_user import ServerUser

__all__ = [
    "ApiKey",
    "ApiKeySecret",
    "ApplicationKind",
    "AuthenticationServer",
    "ClientSecret",
    "OAuthApplication",
    "ServerKind",
    "ServerUser",
]
