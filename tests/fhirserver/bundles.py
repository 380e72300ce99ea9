"""Bundles to send, and where what they made lies."""

from typing import Any


def transaction(*entries: dict[str, Any], kind: str = "transaction") -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def entry(
    method: str, url: str, resource: Any = None, full_url: str = "", **conditions: str
) -> dict[str, Any]:
    made: dict[str, Any] = {"request": {"method": method, "url": url, **conditions}}
    if resource is not None:
        made["resource"] = resource
    if full_url:
        made["fullUrl"] = full_url
    return made


def patient(**more: Any) -> dict[str, Any]:
    return {"resourceType": "Patient", **more}


def identified(value: str) -> dict[str, Any]:
    return patient(identifier=[{"value": value}])


def observation(subject: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": "x"},
        "subject": {"reference": subject},
        **more,
    }


def locations(answered: dict[str, Any]) -> list[str]:
    return ["/".join(one["response"]["location"].split("/")[-4:-2]) for one in answered["entry"]]
