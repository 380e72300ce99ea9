"""Every way to reach one resource, each with the rights that it needs: the interactions of the scope matrix."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from tests.gateway.conftest import Caller
from tests.gateway.scoped import held, path_of

JSON_PATCH = "application/json-patch+json"
TOUCHED = [{"op": "add", "path": "/language", "value": "en"}]

# A transaction is refused as a whole, so that each of its entries takes a request of its own.
IN_TRANSACTIONS = ("read", "vread", "search", "history-type")


class Attempt(NamedTuple):
    """`needs`: all the letters that the way takes. `kind`: what counts as success: "answer" any that is no error, "list" one that holds
    the resource, "delete" that it is gone afterwards."""

    name: str
    needs: str
    kind: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = {}


def patient_of(resource: dict[str, Any]) -> str:
    """The path of the patient whose record this is; empty where there is none."""
    if resource["resourceType"] == "Patient":
        return path_of(resource)
    return str(resource.get("subject", {}).get("reference", ""))


def reads(resource: dict[str, Any]) -> Iterator[Attempt]:
    kind, path, patient = resource["resourceType"], path_of(resource), patient_of(resource)
    yield Attempt("read", "r", "answer", "GET", path)
    yield Attempt("head", "r", "answer", "HEAD", path)
    yield Attempt("vread", "r", "answer", "GET", f"{path}/_history/1")
    yield Attempt("history", "r", "list", "GET", f"{path}/_history")
    yield Attempt("meta", "r", "answer", "GET", f"{path}/$meta")
    yield Attempt("search", "s", "list", "GET", f"{kind}?_id={resource['id']}")
    yield Attempt("search-post", "s", "list", "POST", f"{kind}/_search?_id={resource['id']}")
    yield Attempt("search-system", "s", "list", "GET", f"?_type={kind}&_id={resource['id']}")
    yield Attempt("search-system-post", "s", "list", "POST", f"_search?_type={kind}&_id={resource['id']}")
    if patient:
        yield Attempt("search-compartment", "s", "list", "GET", f"{patient}/{kind}?_id={resource['id']}")
        yield Attempt("search-compartment-all", "s", "list", "GET", f"{patient}/*?_id={resource['id']}")
        yield Attempt(
            "search-compartment-post", "s", "list", "POST", f"{patient}/{kind}/_search?_id={resource['id']}"
        )


def histories(resource: dict[str, Any], since: str) -> Iterator[Attempt]:
    query = f"_count=1000&_since={since}"
    yield Attempt("history-type", "s", "list", "GET", f"{resource['resourceType']}/_history?{query}")
    yield Attempt("history-system", "s", "list", "GET", f"_history?{query}")


def writes(resource: dict[str, Any]) -> Iterator[Attempt]:
    """In an order in which each can succeed."""
    kind, path = resource["resourceType"], path_of(resource)
    new = {key: value for key, value in resource.items() if key != "id"}
    by_id = f"{kind}?_id={resource['id']}"
    patch, absent = {"content_type": JSON_PATCH}, {"if_none_exist": "identifier=nobody"}
    yield Attempt("create", "c", "answer", "POST", kind, new)
    yield Attempt("conditional-create", "cs", "answer", "POST", kind, new, absent)
    yield Attempt("update", "u", "answer", "PUT", path, resource)
    yield Attempt("conditional-update", "us", "answer", "PUT", by_id, resource)
    yield Attempt("patch", "u", "answer", "PATCH", path, TOUCHED, patch)
    yield Attempt("conditional-patch", "us", "answer", "PATCH", by_id, TOUCHED, patch)
    yield Attempt("conditional-delete", "ds", "delete", "DELETE", by_id)
    yield Attempt("delete", "d", "delete", "DELETE", path)


def entry_of(attempt: Attempt) -> dict[str, Any]:
    """The attempt as an entry of a Bundle."""
    request = {"method": attempt.method, "url": attempt.path}
    if "if_none_exist" in attempt.headers:
        request["ifNoneExist"] = attempt.headers["if_none_exist"]
    if attempt.method == "PATCH":
        change = {
            "name": "operation",
            "part": [
                {"name": "type", "valueCode": "replace"},
                {
                    "name": "path",
                    "valueString": f"{attempt.path.partition('?')[0].partition('/')[0]}.language",
                },
                {"name": "value", "valueCode": "en"},
            ],
        }
        return {"request": request, "resource": {"resourceType": "Parameters", "parameter": [change]}}
    return {"request": request} | ({"resource": attempt.body} if attempt.body else {})


def bundle_of(kind: str, attempts: list[Attempt]) -> str:
    entries = [entry_of(attempt) for attempt in attempts]
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": entries})


def is_held(answer: Any, resource: dict[str, Any]) -> bool:
    same = (one for one in held(answer) if one["resourceType"] == resource["resourceType"])
    return any(one["id"] == resource["id"] for one in same)


class Trial:
    """One caller's attempts on one resource; a full caller puts it back and looks at what became of it."""

    def __init__(self, caller: Caller, full: Caller, resource: dict[str, Any]) -> None:
        self.caller, self.full, self.resource = caller, full, resource

    def put_back(self) -> str:
        """When it was stored, as the server says."""
        stored: Any = self.full(
            "PUT", path_of(self.resource), json.dumps({"language": "de", **self.resource})
        )
        assert stored.status_code in (200, 201), stored.content
        return str(json.loads(stored.content)["meta"]["lastUpdated"]).replace("+", "%2B")

    def succeeded(self) -> set[str]:
        since = self.put_back()
        listing = [*reads(self.resource), *histories(self.resource, since)]
        found = {one.name for one in listing if self._alone(one)}
        gets = [one for one in listing if one.method == "GET"]
        found |= self._in_batch(gets)
        within = [one for one in gets if one.name in IN_TRANSACTIONS]
        found |= {f"transaction-{one.name}" for one in within if self._in_transaction(one)}
        for attempt in writes(self.resource):
            for way, name in (
                (self._alone, attempt.name),
                (self._in_own_batch, f"batch-{attempt.name}"),
                (self._in_transaction, f"transaction-{attempt.name}"),
            ):
                if way(attempt):
                    found.add(name)
                if attempt.kind == "delete":
                    self.put_back()
        return found

    def _alone(self, attempt: Attempt) -> bool:
        body = None if attempt.body is None else json.dumps(attempt.body)
        headers = attempt.headers
        if "/_search?" in f"/{attempt.path}":
            body, headers = "", {"content_type": "application/x-www-form-urlencoded"}
        answer: Any = self.caller(attempt.method, attempt.path, body, **headers)
        return self._counts(attempt, answer.status_code, json.loads(answer.content or b"{}"))

    def _in_batch(self, attempts: list[Attempt]) -> set[str]:
        answer: Any = self.caller("POST", "", bundle_of("batch", attempts))
        assert answer.status_code == 200, answer.content
        entries = json.loads(answer.content)["entry"]
        return {
            f"batch-{attempt.name}"
            for attempt, entry in zip(attempts, entries, strict=True)
            if self._counts(attempt, int(entry["response"]["status"][:3]), entry)
        }

    def _in_own_batch(self, attempt: Attempt) -> bool:
        return bool(self._in_batch([attempt]))

    def _in_transaction(self, attempt: Attempt) -> bool:
        answer: Any = self.caller("POST", "", bundle_of("transaction", [attempt]))
        return self._counts(attempt, answer.status_code, json.loads(answer.content))

    def _counts(self, attempt: Attempt, status: int, answer: Any) -> bool:
        """Whether it succeeded. What did not must be refused, or find nothing where it looks by a condition."""
        if attempt.kind == "list" and status == 200:
            return is_held(answer, self.resource)
        if attempt.kind == "delete" and status in (200, 204):
            there: Any = self.full("GET", path_of(self.resource))
            assert there.status_code in (200, 410)
            return bool(there.status_code == 410)
        if status < 300:
            assert attempt.method != "GET" or is_held(answer, self.resource) or "$" in attempt.path
            return True
        told = (403, 404) if attempt.name == "conditional-patch" else (403,)
        assert status in told, (attempt, answer)
        return False


def expected(resource: dict[str, Any], letters: str) -> set[str]:
    """What these rights let do with a resource, in every way."""
    able = set()
    for attempt in (*reads(resource), *histories(resource, "")):
        if set(attempt.needs) <= set(letters):
            able.add(attempt.name)
            if attempt.method == "GET":
                able.add(f"batch-{attempt.name}")
            if attempt.name in IN_TRANSACTIONS:
                able.add(f"transaction-{attempt.name}")
    for attempt in writes(resource):
        if set(attempt.needs) <= set(letters):
            able |= {attempt.name, f"batch-{attempt.name}", f"transaction-{attempt.name}"}
    return able
