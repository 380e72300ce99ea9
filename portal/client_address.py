"""Who is calling, by network address: what limits and throttles count by."""

from collections.abc import Mapping
from typing import Any

from django.conf import settings


def client_address(environ: Mapping[str, Any]) -> str:
    """Behind TRUSTED_PROXY_COUNT proxies, the address that the outermost of them saw; what strangers add does not count."""
    proxies: int = settings.TRUSTED_PROXY_COUNT
    if proxies:
        seen = environ.get("HTTP_X_FORWARDED_FOR", "").split(",")
        if len(seen) >= proxies and seen[-proxies].strip():
            return str(seen[-proxies].strip())[:45]
    return str(environ.get("REMOTE_ADDR", ""))[:45]
