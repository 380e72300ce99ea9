"""Rate limits of the Management API, told to the caller in RateLimit headers (draft-ietf-httpapi-ratelimit-headers)."""

import math
from typing import TYPE_CHECKING

from rest_framework.request import Request
from rest_framework.throttling import UserRateThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView


class PersonThrottle(UserRateThrottle):
    """All tokens and sessions of a person count together."""

    num_requests: int
    duration: int

    def allow_request(self, request: Request, view: "APIView") -> bool:
        allowed = bool(super().allow_request(request, view))
        history, now = getattr(self, "history", []), getattr(self, "now", 0.0)
        oldest = history[-1] if history else now
        request.rate_limit_headers = {  # type: ignore[attr-defined]
            "RateLimit-Limit": str(self.num_requests),
            "RateLimit-Remaining": str(max(0, self.num_requests - len(history))),
            "RateLimit-Reset": str(math.ceil(max(0, self.duration - (now - oldest)))),
        }
        return allowed
