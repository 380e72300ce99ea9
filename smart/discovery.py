"""What a deployment's authorization server says of itself. Each document lists only what works."""

from typing import Any

from credentials.models import AuthenticationServer, ServerKind
from deployments.selectors import get_deployment
from smart.addresses import ENDPOINTS, endpoint, issuer
from smart.keys import ALGORITHM
from smart.protocol.client_authentication import ALGORITHMS
from smart.scopes import Special
from smart.servers import integrated_server

_AUTH_METHODS = ["client_secret_basic", "client_secret_post", "private_key_jwt"]
_SCOPES = [
    *(special.value for special in Special),
    *("patient/*.cruds", "patient/*.rs", "patient/*.read", "patient/*.write", "patient/*.*"),
    *("user/*.cruds", "user/*.rs", "user/*.read", "user/*.write", "user/*.*"),
    *("system/*.cruds", "system/*.rs", "system/*.read", "system/*.write", "system/*.*"),
]
# https://hl7.org/fhir/smart-app-launch/conformance.html
_CAPABILITIES = [
    *("launch-ehr", "launch-standalone", "authorize-post"),
    *("client-public", "client-confidential-symmetric", "client-confidential-asymmetric"),
    *("sso-openid-connect",),
    *("context-banner", "context-ehr-patient", "context-ehr-encounter"),
    *("context-standalone-patient", "context-standalone-encounter"),
    *("permission-offline", "permission-online", "permission-patient", "permission-user"),
    *("permission-v1", "permission-v2"),
]

# https://hl7.org/fhir/smart-app-launch/1.0.0/conformance/index.html#using-cs
_URIS = {
    "authorize": "authorization_endpoint",
    "token": "token_endpoint",
    "register": "registration_endpoint",
    "manage": "management_endpoint",
    "introspect": "introspection_endpoint",
    "revoke": "revocation_endpoint",
}
_OF_EXTERNAL = (
    *("authorization_endpoint", "token_endpoint", "introspection_endpoint", "revocation_endpoint"),
    *("registration_endpoint", "grant_types_supported", "response_types_supported", "scopes_supported"),
    *("code_challenge_methods_supported", "token_endpoint_auth_methods_supported"),
)


def _shared(server: AuthenticationServer) -> dict[str, Any]:
    deployment_id = server.deployment_id
    names = {name: endpoint(deployment_id, name) for name in ENDPOINTS}
    document = {
        "issuer": issuer(deployment_id),
        "jwks_uri": names["jwks"],
        "authorization_endpoint": names["authorize"],
        "token_endpoint": names["token"],
        "device_authorization_endpoint": names["device_authorization"],
        "introspection_endpoint": names["introspect"],
        "revocation_endpoint": names["revoke"],
        "token_endpoint_auth_methods_supported": _AUTH_METHODS,
        "token_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "introspection_endpoint_auth_methods_supported": _AUTH_METHODS,
        "introspection_endpoint_auth_signing_alg_values_supported": list(ALGORITHMS),
        "revocation_endpoint_auth_methods_supported": [*_AUTH_METHODS, "none"],
        "grant_types_supported": [
            *("authorization_code", "refresh_token", "client_credentials"),
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "scopes_supported": _SCOPES,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
    }
    if server.registration_open:
        document["registration_endpoint"] = names["register"]
    return document


def smart_configuration_of(deployment_id: str) -> dict[str, Any] | None:
    """For the integrated server if it is switched on, else for an external one; None when there is none."""
    deployment = get_deployment(deployment_id)
    if deployment is None:
        return None
    server = integrated_server(deployment)
    if server.enabled:
        return smart_configuration(server)
    servers = AuthenticationServer.objects.filter(deployment=deployment, enabled=True)
    external = servers.filter(kind=ServerKind.EXTERNAL).first()
    return external_configuration(external) if external else None


def oauth_uris_of(deployment_id: str) -> tuple[tuple[str, str], ...]:
    """The same addresses under the names that a CapabilityStatement has for them; empty where there is no server."""
    document = smart_configuration_of(deployment_id) or {}
    return tuple((name, str(document[key])) for name, key in _URIS.items() if document.get(key))


def external_configuration(server: AuthenticationServer) -> dict[str, Any]:
    """Where people sign in when the tenant's own identity provider issues the tokens (as it said at set-up)."""
    known = {name: server.metadata[name] for name in _OF_EXTERNAL if server.metadata.get(name)}
    return {
        "issuer": server.issuer,
        "jwks_uri": server.jwks_uri,
        "grant_types_supported": ["authorization_code"],
        "code_challenge_methods_supported": ["S256"],
        "capabilities": ["permission-patient", "permission-user", "permission-v1", "permission-v2"],
        **known,
    }


def smart_configuration(server: AuthenticationServer) -> dict[str, Any]:
    """The content of `[base]/.well-known/smart-configuration`, for the integrated server or an external one."""
    return _shared(server) | {
        "management_endpoint": f"{issuer(server.deployment_id)}/apps/",
        "capabilities": _CAPABILITIES,
    }


def openid_configuration(server: AuthenticationServer) -> dict[str, Any]:
    """https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderMetadata, and RFC 8414."""
    deployment_id = server.deployment_id
    document = _shared(server)
    document["token_endpoint_auth_methods_supported"] = [*_AUTH_METHODS, "none"]
    return document | {
        "userinfo_endpoint": endpoint(deployment_id, "userinfo"),
        "end_session_endpoint": endpoint(deployment_id, "logout"),
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "claims_supported": [
            *("iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash"),
            *("name", "preferred_username", "email", "fhirUser"),
        ],
        "prompt_values_supported": ["none", "login", "consent"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }
