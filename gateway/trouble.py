"""Faults of ours go to the operator's log with the trace id; never with locals, which may hold patients or secrets."""

import logging

logger = logging.getLogger("gateway")


def report(trace_id: str, error: BaseException) -> None:
    logger.error("trace %s: %s", trace_id, type(error).__name__, exc_info=error)
