"""Remembers a look-up for a fraction of a second, so that a busy endpoint asks the control database twice a second
and a revoked key or a stopped deployment still takes effect within one."""

import time
from collections.abc import Callable
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")

LIFETIME = 0.5  # seconds
CAPACITY = 4096  # entries; reached only by a flood of invented credentials


class BriefMemory(Generic[Key, Value]):
    """Safe between threads: each step is one operation on a dict."""

    def __init__(self, look_up: Callable[[Key], Value], lifetime: float = LIFETIME) -> None:
        self._look_up = look_up
        self._lifetime = lifetime
        self._held: dict[Key, tuple[float, Value]] = {}

    def get(self, key: Key) -> Value:
        now = time.monotonic()
        held = self._held.get(key)
        if held is not None and now - held[0] < self._lifetime:
            return held[1]
        value = self._look_up(key)
        if len(self._held) >= CAPACITY:
            self._held.clear()
        # The time is taken before the look-up: what it read may be that old.
        self._held[key] = (now, value)
        return value

    def forget_all(self) -> None:
        self._held.clear()
