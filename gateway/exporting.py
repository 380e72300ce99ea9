"""The log as NDJSON, one line a request, oldest first: streamed, so that memory stays flat whatever its length."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.conf import settings
from django.http import StreamingHttpResponse

from deployments.models import Deployment
from gateway.audit_events import audit_event
from gateway.models import RequestLog
from gateway.selectors import each_request
from portal import audit
from portal.models import User

NDJSON = "application/x-ndjson"
FHIR_NDJSON = "application/fhir+ndjson"
_ROWS = 500


def export(
    deployment: Deployment,
    filters: Mapping[str, Any],
    as_record: Callable[[RequestLog], dict[str, Any] | None],
) -> Iterator[bytes]:
    """`as_record` gives a line's JSON, or None to leave it out."""
    for line in each_request(deployment, filters, _ROWS):
        record = as_record(line)
        if record is not None:
            yield json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def download(
    deployment: Deployment, filters: Mapping[str, Any], by: User, *, as_events: bool = False
) -> StreamingHttpResponse:
    """The streamed answer. That somebody took it is written down: queries name patients."""
    what, kind = ("audit-events", FHIR_NDJSON) if as_events else ("log", NDJSON)
    audit.record(
        "deployment.log_exported",
        tenant=deployment.tenant,
        actor=by,
        target=str(deployment),
        after={"what": what} | {name: str(value) for name, value in filters.items()},
    )

    def event(line: RequestLog) -> dict[str, Any] | None:
        return audit_event(line, deployment, settings.PUBLIC_URL)

    name = f"fireside-{deployment.pk}-{what}.ndjson"
    return StreamingHttpResponse(
        export(deployment, filters, event if as_events else log_record),
        content_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def log_record(line: RequestLog) -> dict[str, Any]:
    """The names are those of the Management API. `query` is None when the key it was encrypted with is gone."""
    names = (
        "id",
        "trace_id",
        "credential_kind",
        "credential",
        "credential_name",
        "interaction",
        "method",
        "path",
    )
    last = ("status", "milliseconds", "sent", "address", "reason", "needed", "patient")
    times = ("decision_time", "statements", "statement_time")
    return {
        "time": line.time.isoformat(),
        **{name: getattr(line, name) for name in names},
        "query": line.readable_query,
        **{name: getattr(line, name) for name in (*last, *times)},
        "claims": line.checked_claims(),
    }
