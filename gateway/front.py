"""One FHIR request from its arrival to its answer: endpoint → door → limits → engine.

Everything that is refused here is an OperationOutcome and a line in the deployment's log.
"""

import json
import time
from dataclasses import dataclass, field

from django.db import DatabaseError

from deployments.expiry import has_ended
from fhirserver import engine
from fhirserver.access import NOTHING, READ_ONLY, AccessGrant
from fhirserver.http import FhirRequest, FhirResponse
from fhirserver.statement_time import spent
from gateway import bulk, limits
from gateway.cors import cross_origin_headers, preflight
from gateway.decisions import NOBODY, Claim, Credential, CredentialKind, Denied, Reason
from gateway.documents import document_at
from gateway.door import decide
from gateway.endpoints import METADATA_ONLY, Endpoint, endpoints
from gateway.forwarding import forward
from gateway.inbound import BodyTooLarge, Inbound, LengthRequired, MalformedRequest, UnknownEncoding
from gateway.needs import interaction_and_need, smallest_missing_scope
from gateway.outcomes import outcome, present_error
from gateway.patients import SINGLE, patient_in_query, patient_in_resource
from gateway.refusals import claims_of_refusal
from gateway.room import stored_resources
from gateway.trace_ids import new_trace_id
from gateway.trouble import report
from portal.places import NoPlace
from smart.discovery import oauth_uris_of, smart_configuration_of

SMART_CONFIGURATION = ".well-known/smart-configuration"
OPEN_PATHS = frozenset({"metadata", SMART_CONFIGURATION})
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})


@dataclass(slots=True)
class Exchange:
    """A request, what was decided about it and, in the end, its answer: all that the log needs."""

    request: Inbound
    started: float = field(default_factory=time.perf_counter)
    began: float = field(default_factory=time.time)  # the same moment as a Unix time
    trace_id: str = ""
    credential: Credential = NOBODY
    reason: Reason = Reason.ALLOWED
    claims: tuple[Claim, ...] = ()
    needed: str = ""  # the permission that was missing
    patient: str = ""  # the logical id of the one whose resource this is
    decided: float = 0.0  # seconds from the start until the door had decided
    statements: int = 0
    statement_seconds: float = 0.0
    in_use: bool = False
    known: bool = False  # the deployment exists
    faulted: bool = False  # the database connections of this thread are in doubt

    def __post_init__(self) -> None:
        """What this product's own pages sent is told apart by its trace id."""
        self.trace_id = new_trace_id(self.began, self.request.is_inside)

    def leave(self) -> None:
        """Frees the place that `limits.concurrency` holds for this request."""
        if self.in_use:
            self.in_use = False
            limits.concurrency.leave(self.request.deployment_id)


def serve(exchange: Exchange) -> FhirResponse:
    """Never raises. The caller calls `exchange.leave()` when the answer's body is sent."""
    request = exchange.request
    statements, seconds = spent.count, spent.seconds
    try:
        response = _serve(exchange)
    except MalformedRequest as error:
        exchange.reason = Reason.MALFORMED
        response = outcome(400, "structure", str(error))
    except BodyTooLarge as error:
        exchange.reason = Reason.TOO_LARGE
        response = outcome(413, "too-long", str(error), {"Connection": "close"})
    except LengthRequired as error:
        exchange.reason = Reason.MALFORMED
        response = outcome(411, "structure", str(error), {"Connection": "close"})
    except UnknownEncoding as error:
        exchange.reason = Reason.MALFORMED
        response = outcome(415, "not-supported", str(error))
    except NoPlace:
        exchange.reason = Reason.TOO_SLOW
        text = "Other slow bodies are under way. Send it again, over a quicker connection if you can."
        response = outcome(503, "transient", text, {"Connection": "close", "Retry-After": "5"})
    except DatabaseError as error:
        report(exchange.trace_id, error)
        exchange.faulted = True
        response = outcome(
            503, "transient", f"The store cannot be reached. Trace {exchange.trace_id}.", {"Retry-After": "2"}
        )
    except Exception as error:  # the last one between a fault and the caller
        report(exchange.trace_id, error)
        exchange.faulted = True
        response = outcome(500, "exception", f"This is our fault. Trace {exchange.trace_id}.")
    exchange.statements, exchange.statement_seconds = spent.count - statements, spent.seconds - seconds
    if response.status >= 400:
        present_error(request, response)
    if request.origin:
        response.headers.update(cross_origin_headers(request, is_open(request)))
    return response


def is_open(request: Inbound) -> bool:
    """Whether anybody may read this without a credential."""
    known = request.path in OPEN_PATHS or document_at(request.path) is not None
    return known and request.method in ("GET", "HEAD", "OPTIONS")


def _serve(exchange: Exchange) -> FhirResponse:
    request = exchange.request
    endpoint = endpoints.get(request.deployment_id)
    if endpoint is None:
        return outcome(404, "not-found", "There is no deployment at this address.")
    exchange.known = True
    if request.method == "OPTIONS":
        return preflight(request, is_open(request))
    if request.method not in METHODS:
        return outcome(
            405, "not-supported", f"{request.method[:20]} is not a FHIR method.", {"Allow": _ALLOW}
        )
    unready = _unready(exchange, endpoint)
    if unready is not None:
        return unready
    grant: AccessGrant = READ_ONLY if request.path == "metadata" else NOTHING
    if is_open(request):
        exchange.reason = Reason.OPEN
    else:
        decision = decide(request, endpoint)
        exchange.decided = time.perf_counter() - exchange.started
        exchange.credential, exchange.claims = decision.credential, decision.claims
        if isinstance(decision, Denied):
            exchange.reason = decision.reason
            return _over_limit(exchange, endpoint, request.address) or _refused(request, decision)
        grant = decision.grant
    caller = "" if exchange.credential is not NOBODY else request.address
    over = _over_limit(exchange, endpoint, caller)
    if over is None and request.path == SMART_CONFIGURATION:
        return _smart_configuration(endpoint)
    document = document_at(request.path)
    if over is None and document is not None:
        return document(endpoint.deployment_id, request.base_url(), request.query())
    return over or _pass_on(exchange, endpoint, grant)


def _smart_configuration(endpoint: Endpoint) -> FhirResponse:
    document = smart_configuration_of(endpoint.deployment_id)
    if document is None:
        return outcome(404, "not-found", "No authentication server of this deployment is switched on.")
    body = json.dumps(document).encode()
    return FhirResponse(200, {"Content-Type": "application/json"}, body, "smart-configuration")


TRIAL_ENDED = "This deployment is stopped: its trial has ended. An administrator of its tenant can subscribe and start it again."
_ALLOW = ", ".join(sorted(METHODS))


def _unready(exchange: Exchange, endpoint: Endpoint) -> FhirResponse | None:
    if endpoint.serves and endpoint.prepared:
        return None
    if endpoint.state in METADATA_ONLY and exchange.request.path == "metadata" and endpoint.prepared:
        return None
    exchange.reason = Reason.STOPPED
    if has_ended(endpoint.deployment):
        return outcome(503, "business-rule", TRIAL_ENDED)
    text = f"This deployment is {endpoint.state.lower()}. {endpoint.maintenance_message}".rstrip()
    return outcome(503, "transient", text, {"Retry-After": "5"})


def _refused(request: Inbound, denied: Denied) -> FhirResponse:
    if denied.status != 401:
        return outcome(denied.status, "transient", denied.message, dict(denied.headers))
    challenge = f'Bearer realm="fhir/{request.deployment_id}"'
    if denied.error:
        challenge += f', error="{denied.error}", error_description="{denied.message}"'
    code = "login" if not denied.error else "security"
    return outcome(401, code, denied.message, {"WWW-Authenticate": challenge})


def _over_limit(exchange: Exchange, endpoint: Endpoint, caller: str) -> FhirResponse | None:
    who = exchange.credential
    if who.requests_per_second and not limits.take(
        who.requests_per_second, endpoint.deployment_id, f"{who.kind} {who.identifier}"
    ):
        exchange.reason = Reason.CREDENTIAL_THROTTLED
        text = f"This credential is allowed {who.requests_per_second} requests a second."
        return outcome(429, "throttled", text, {"Retry-After": "1"})
    if not limits.take(endpoint.size.requests_per_second, endpoint.deployment_id, caller):
        exchange.reason = Reason.THROTTLED
        text = _too_many(endpoint)
        return outcome(429, "throttled", text, {"Retry-After": "1"})
    if not limits.concurrency.enter(endpoint.deployment_id, endpoint.size.concurrent_requests):
        exchange.reason = Reason.THROTTLED
        text = f"Size {endpoint.size.title} allows {endpoint.size.concurrent_requests} requests at the same time."
        return outcome(429, "throttled", text, {"Retry-After": "1"})
    exchange.in_use = True
    return None


def _too_many(endpoint: Endpoint) -> str:
    own = endpoint.deployment.requests_per_second == endpoint.size.requests_per_second
    limited_by = "This deployment" if own else f"Size {endpoint.size.title}"
    return f"{limited_by} allows {endpoint.size.requests_per_second} requests a second."


def _pass_on(exchange: Exchange, endpoint: Endpoint, grant: AccessGrant) -> FhirResponse:
    request = exchange.request
    partition = endpoint.partition
    if request.is_dry_run and (partition is None or bulk.is_bulk(request.path)):
        return outcome(501, "not-supported", "Only what the embedded server writes itself can be taken back.")
    if partition is None:
        response = forward(request, endpoint, grant)
        if response.status == 403 and response.missing:
            exchange.reason = Reason.SCOPE
            _name_missing_scope(exchange, response)
        return response
    if bulk.is_bulk(request.path):
        return bulk.answer(request, partition, exchange.credential, grant, endpoint.largest_body)
    fhir = FhirRequest(
        method="GET" if request.method == "HEAD" else request.method,
        path=request.path,
        query=request.query(),
        headers=request.headers,
        body=request.body(endpoint.largest_body) if request.method in _WITH_BODY else b"",
        base_url=request.base_url(),
        is_dry_run=request.is_dry_run,
        oauth_uris=oauth_uris_of(request.deployment_id) if request.path == "metadata" else (),
    )
    limit = endpoint.size.stored_resources
    response = engine.respond(
        fhir, partition, grant, lambda coming: stored_resources.admit(partition, limit, coming)
    )
    if response.interaction in SINGLE and isinstance(response.body, bytes):
        exchange.patient = patient_in_resource(response.body or fhir.body)
    elif request.path.endswith("_search") and fhir.body:
        exchange.patient = patient_in_query(fhir.body.decode("latin-1"))
    if response.status == 507:
        exchange.reason = Reason.FULL
    if response.status == 403:
        exchange.reason = Reason.SCOPE
        _name_missing_scope(exchange, response)
    return response


def _name_missing_scope(exchange: Exchange, response: FhirResponse) -> None:
    """RFC 6750, 3.1: a bearer learns which scope would have been enough."""
    _, needed = interaction_and_need(exchange.request.method, exchange.request.path)
    exchange.needed = response.missing or needed
    granted_claims = exchange.claims
    exchange.claims = claims_of_refusal(granted_claims, exchange.needed, response.check)
    if exchange.credential.kind is CredentialKind.TOKEN:
        granted = next((claim.received for claim in granted_claims if claim.name == "scope"), "")
        scope = smallest_missing_scope(granted, exchange.needed) if exchange.needed else ""
        challenge = f'Bearer realm="fhir/{exchange.request.deployment_id}", error="insufficient_scope"'
        response.headers["WWW-Authenticate"] = challenge + (f', scope="{scope}"' if scope else "")
