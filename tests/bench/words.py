"""`python -m tests.bench.words`: read the words of all that was written, and print how many seconds it took.

The product does so in the background, every half minute; a bench that did not wait would measure it beside one workload and not the other.
Runs with the settings and the FIRESIDE_HOME of the product that is measured.
"""

import sys
import time

import django

django.setup()

from django.conf import settings  # noqa: E402

from fhirserver.search.fulltext import read_waiting  # noqa: E402


def main() -> None:
    began = time.perf_counter()
    for region in dict.fromkeys(settings.FIRESIDE_REGIONS.values()):
        read_waiting(region, sys.maxsize)
    print(time.perf_counter() - began)


if __name__ == "__main__":
    main()
