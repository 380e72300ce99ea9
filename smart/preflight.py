"""Checking an external identity provider before it is saved: each rule, passed or failed, in words."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from credentials.models import AuthenticationServer
from smart.claims import RefusedToken
from smart.external import (
    ALGORITHMS,
    check_claims,
    check_signature,
    client_of,
    fhir_user_of,
    logical_id,
    scopes_of,
)
from smart.fetching import FetchFailed, fetch_json
from smart.introspecting import ask, ask_about_nothing
from smart.redirects import problem_with_address
from smart.remote_keys import forget_keys, read_keys
from smart.unverified import read_unverified


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule with what was found. `warning`: it may stay as it is. `about`: which setting it is about, or the token."""

    title: str
    passed: bool
    found: str = ""
    warning: bool = False
    about: str = "issuer"


@dataclass(slots=True)
class Findings:
    rules: list[Rule] = field(default_factory=list)
    metadata: dict[str, Any] = field(default_factory=dict)
    about: str = "issuer"

    @property
    def good(self) -> bool:
        return all(rule.passed or rule.warning for rule in self.rules)

    def add(self, title: str, passed: bool, found: object = "", *, warning: bool = False) -> bool:
        self.rules.append(Rule(title, passed, str(found)[:300], warning, self.about))
        return passed


def check_provider(issuer: str) -> Findings:
    """Fetches discovery and keys. Whatever fails, the rest that can be checked is checked."""
    findings = Findings()
    problem = problem_with_address(issuer)
    if not findings.add(
        "The issuer is an https address, or one of this machine",
        problem is None,
        f"It {problem}" if problem else issuer,
    ):
        return findings
    document = _discover(issuer, findings)
    if document is None:
        return findings
    findings.metadata = document
    named = document.get("issuer")
    findings.add("Discovery names exactly this issuer", named == issuer, named)
    jwks_uri = document.get("jwks_uri")
    if findings.add("Discovery names the keys (jwks_uri)", isinstance(jwks_uri, str), jwks_uri):
        _check_keys(str(jwks_uri), findings)
    methods = document.get("code_challenge_methods_supported") or []
    findings.add(
        "It supports PKCE with S256",
        "S256" in methods,
        ", ".join(map(str, methods)) or "not said",
        warning=True,
    )
    return findings


def _discover(issuer: str, findings: Findings) -> dict[str, Any] | None:
    url = f"{issuer.rstrip('/')}/.well-known/openid-configuration"
    try:
        document = fetch_json(url)
    except FetchFailed as error:
        findings.add("Its discovery document can be read", False, error)
        return None
    findings.add("Its discovery document can be read", True, url)
    return document


def _check_keys(jwks_uri: str, findings: Findings) -> None:
    forget_keys(jwks_uri)
    try:
        keys = read_keys(fetch_json(jwks_uri))
    except FetchFailed as error:
        findings.add("Its keys can be read", False, error)
        return
    described = ", ".join(f"{key.key_type} {key.kid or 'without a name'}" for key in keys)
    findings.add("Its keys can be read", bool(keys), described or "no key for signatures")
    findings.add("Each key has a name (kid)", all(key.kid for key in keys) or len(keys) == 1, warning=True)


def check_token(token: str, server: AuthenticationServer, findings: Findings) -> None:
    """A pasted token against the (unsaved) server, claim by claim."""
    findings.about = "token"
    unverified = read_unverified(token.strip())
    if isinstance(unverified, RefusedToken):
        _check_opaque(token.strip(), server, findings)
        return
    findings.add("The token is a signed JWT", True)
    algorithm = unverified.header.get("alg")
    findings.add("It is signed with an asymmetric algorithm", algorithm in ALGORITHMS, algorithm)
    claims = check_signature(unverified, server)
    if isinstance(claims, RefusedToken):
        found = claims.received or claims.problem.replace("-", " ")
        findings.add("Its signature is the issuer's", False, found)
        return
    findings.add("Its signature is the issuer's", True, f"kid {unverified.header.get('kid')}")
    _check_claims(claims, server, findings)


def check_introspection(server: AuthenticationServer, findings: Findings) -> None:
    """Asks about a token that nobody made: the answer shows whether we may ask at all."""
    findings.about = "introspection_client_id"
    problem = ask_about_nothing(server)
    findings.add(
        "It answers questions about opaque tokens", not problem, problem or "not active, as it should"
    )


def _check_opaque(token: str, server: AuthenticationServer, findings: Findings) -> None:
    if not server.introspection_client_id:
        found = "It is opaque, or not whole. For opaque tokens give a client for introspection."
        findings.add("The token is a signed JWT", False, found)
        return
    claims = ask(token, server)
    if isinstance(claims, RefusedToken):
        findings.add("The issuer calls the token active", False, claims.received)
        return
    findings.add("The issuer calls the token active", True)
    _check_claims(claims, server, findings)


def _check_claims(claims: Mapping[str, Any], server: AuthenticationServer, findings: Findings) -> None:
    wrong = check_claims(claims, server)
    for name, title in (
        ("iss", "iss is the issuer"),
        ("aud", "aud holds the audience"),
        ("exp", "exp is in the future"),
        ("nbf", "nbf is in the past"),
        ("iat", "iat is in the past"),
    ):
        failed = wrong is not None and wrong.claim == name
        expected = f"expected {wrong.expected}, received {wrong.received}" if wrong and failed else ""
        if name in claims or failed:
            findings.add(title, not failed, expected or claims.get(name))
        if failed:
            return
    findings.add("It names its application", bool(client_of(claims)), client_of(claims))
    scopes = scopes_of(claims, server)
    findings.add("It has scopes that FHIR knows", bool(scopes.resources), scopes or "none", warning=True)
    patient = logical_id(claims.get(server.patient_claim), "Patient")
    findings.add(
        "It names a patient", bool(patient), patient or "none: patient/ scopes reach nothing", warning=True
    )
    fhir_user = fhir_user_of(claims.get(server.fhir_user_claim))
    findings.add("It names the fhirUser", bool(fhir_user), fhir_user or "none", warning=True)
