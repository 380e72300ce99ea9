"""Full text in the background: what was written waits for a worker, unless a search comes first (docs/adr/0011)."""

from django.conf import settings

from fhirserver.search.fulltext import read_waiting

BATCHES = 10
"""In one turn and region: little beside the writes themselves."""


def read_words() -> None:
    for alias in dict.fromkeys(settings.FIRESIDE_REGIONS.values()):
        read_waiting(alias, BATCHES)
