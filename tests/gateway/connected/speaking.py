"""What these tests read of an answer, and who asks."""

import json
from typing import Any

from django.conf import settings as conf_settings

from tests.gateway.conftest import Caller


def public_base(caller: Caller) -> str:
    return f"{conf_settings.PUBLIC_URL}{caller.base}"


def content(response: Any) -> bytes:
    return b"".join(response) if response.streaming else bytes(response.content)


def diagnostics(response: Any) -> str:
    return diagnostics_of(content(response).decode())


def diagnostics_of(text: str) -> str:
    return str(json.loads(text)["issue"][0]["diagnostics"])


def caller_of_nobody(caller: Caller) -> Caller:
    return Caller(caller.client, caller.base)
