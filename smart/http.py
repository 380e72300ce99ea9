"""Between Django's requests and oauthlib's: only known parameters pass, and answers get their headers."""

import logging
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, Concatenate, ParamSpec
from urllib.parse import urlencode

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt

from credentials.models import AuthenticationServer
from deployments.selectors import get_deployment
from portal.outages import RETRY_SECONDS, outage_of
from smart.addresses import origin_of
from smart.origins import registered_origins
from smart.servers import integrated_server

logger = logging.getLogger("smart")

P = ParamSpec("P")
AUTHORIZE_PARAMETERS = (
    *("response_type", "client_id", "redirect_uri", "scope", "state", "aud", "resource", "launch"),
    *("code_challenge", "code_challenge_method", "nonce", "prompt", "max_age", "login_hint", "id_token_hint"),
    *("request", "request_uri", "registration"),
)
TOKEN_PARAMETERS = (
    *("grant_type", "code", "redirect_uri", "code_verifier", "refresh_token", "scope", "client_id"),
    *("client_secret", "client_assertion", "client_assertion_type", "token", "token_type_hint"),
    "device_code",
)
_MAX_LENGTH = 20_000


def keep(parameters: QueryDict, names: Iterable[str]) -> list[tuple[str, str]]:
    """The known parameters, repeated ones too. oauthlib keeps unknown ones as attributes, where they could shadow others."""
    return [(name, value) for name in names for value in parameters.getlist(name)]


def oauth_headers(request: HttpRequest) -> dict[str, str]:
    """With the type in which `form_body` writes the form again, however it came."""
    return {
        "Authorization": request.headers.get("Authorization", ""),
        "Content-Type": "application/x-www-form-urlencoded",
    }


def form_body(request: HttpRequest) -> str:
    """The form that was posted, as oauthlib wants it."""
    return urlencode(keep(request.POST, TOKEN_PARAMETERS))[:_MAX_LENGTH]


def oauth_answer(headers: Mapping[str, str], body: str | None, status: int) -> HttpResponse:
    """401s name the scheme that applications may use (RFC 6749, 5.2)."""
    answer = HttpResponse(body or "", status=status, content_type="application/json")
    answer["Cache-Control"] = "no-store"
    answer["Pragma"] = "no-cache"
    if status == 401:
        answer["WWW-Authenticate"] = 'Basic realm="Fireside", charset="UTF-8"'
    return answer


def oauth_error(error: str, description: str = "", status: int = 400) -> JsonResponse:
    content = {"error": error} | ({"error_description": description} if description else {})
    answer = JsonResponse(content, status=status)
    answer["Cache-Control"] = "no-store"
    return answer


def load_server(deployment_id: str) -> AuthenticationServer:
    """The integrated server of a deployment. Raises Http404 when there is none, or it is switched off."""
    deployment = get_deployment(deployment_id)
    if deployment is None:
        raise Http404("No such deployment")
    server = integrated_server(deployment)
    if not server.enabled:
        raise Http404("The integrated server of this deployment is switched off")
    return server


ServerView = Callable[Concatenate[HttpRequest, AuthenticationServer, P], HttpResponse]


def server_view(view: ServerView[P]) -> Callable[..., HttpResponse]:
    """Give the view its server for the URL's deployment id."""

    @wraps(view)
    def loaded(request: HttpRequest, deployment_id: str, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        return view(request, load_server(deployment_id), *args, **kwargs)

    return loaded


def browser_endpoint(
    *methods: str, anybody: bool = False
) -> Callable[[ServerView[P]], Callable[..., HttpResponse]]:
    """An endpoint that scripts call: no CSRF token, CORS for registered origins (`anybody`: for all), these methods."""

    def decorate(view: ServerView[P]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def answered(
            request: HttpRequest, deployment_id: str, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            try:
                return _answer(request, load_server(deployment_id), *args, **kwargs)
            except RequestDataTooBig:
                return oauth_error("invalid_request", "The form is larger than this server takes.", 413)
            except (TooManyFieldsSent, MultiPartParserError):
                return oauth_error("invalid_request", "The form cannot be read.")
            except Exception as error:
                missing = outage_of(error)
                if not missing:
                    raise
            return _unavailable(missing)

        def _answer(
            request: HttpRequest, server: AuthenticationServer, *args: P.args, **kwargs: P.kwargs
        ) -> HttpResponse:
            if request.method == "OPTIONS":
                answer = HttpResponse(status=204)
            elif request.method not in methods:
                answer = oauth_error("invalid_request", f"Use {' or '.join(methods)}.", 405)
                answer["Allow"] = ", ".join(methods)
            else:
                answer = view(request, server, *args, **kwargs)
            _allow_origin(request, answer, server, methods, anybody=anybody)
            return answer

        return csrf_exempt(answered)

    return decorate


def _unavailable(missing: str) -> HttpResponse:
    """An application tries again later: https://www.rfc-editor.org/rfc/rfc9110#name-503-service-unavailable"""
    logger.warning("an OAuth endpoint answers 503: %s", missing)
    answer = oauth_error("temporarily_unavailable", f"{missing} Try again later.", 503)
    answer["Retry-After"] = str(RETRY_SECONDS)
    return answer


def _allow_origin(
    request: HttpRequest, answer: HttpResponse, server: AuthenticationServer, methods: Any, *, anybody: bool
) -> None:
    origin = request.headers.get("Origin", "")
    patch_vary_headers(answer, ["Origin"])
    if not origin or not (anybody or origin.lower() in registered_origins(server.deployment_id)):
        return
    answer["Access-Control-Allow-Origin"] = "*" if anybody else origin
    if request.method == "OPTIONS":
        answer["Access-Control-Allow-Methods"] = ", ".join(methods)
        answer["Access-Control-Allow-Headers"] = "Authorization, Content-Type, Accept"
        answer["Access-Control-Max-Age"] = "600"


def allow_form_to(answer: HttpResponse, address: str) -> HttpResponse:
    """The page's form may lead to this application too (Content-Security-Policy: form-action, read by django-csp)."""
    target = origin_of(address) or f"{address.partition(':')[0]}:"
    answer._csp_update = {"form-action": [target]}  # type: ignore[attr-defined]
    return answer
