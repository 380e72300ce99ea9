"""What the landing page shows: one real request and its answer, given by an app above.

The portal knows neither deployments nor the engine; the explorer registers a source that sends a real request to
a running demo deployment, or takes an example from the catalogue.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from django.core.cache import cache

SHOWCASE_SECONDS = 300
CACHE_KEY = "portal:showcase"


@dataclass(frozen=True)
class Showcase:
    """A request and its answer; `milliseconds` is 0 for an example that was not sent. `rows` are the table's lines for a Bundle: each a tuple as long as `columns`."""

    method: str
    url: str
    curl: str
    status: str
    milliseconds: int
    body: str
    columns: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = field(default=())


ShowcaseSource = Callable[[], Showcase | None]
_sources: list[ShowcaseSource] = []


def register_showcase(source: ShowcaseSource, *, first: bool = False) -> None:
    """The first source that gives a showcase is shown; `first` puts this one, the more real, before the others."""
    if source not in _sources:
        _sources.insert(0 if first else len(_sources), source)


def get_showcase() -> Showcase | None:
    """Kept for five minutes, so that visitors of the landing page cost nothing."""
    kept = cache.get(CACHE_KEY)
    if isinstance(kept, Showcase):
        return kept
    for source in _sources:
        showcase = source()
        if showcase is not None:
            cache.set(CACHE_KEY, showcase, SHOWCASE_SECONDS)
            return showcase
    return None
