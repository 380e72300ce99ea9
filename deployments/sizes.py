"""The sizes a deployment can have. The gateway enforces their limits; the wizard and the overview show them."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Size:
    """What one size allows. Prices are the plans' matter (portal)."""

    code: str
    title: str
    requests_per_second: int
    concurrent_requests: int
    stored_resources: int
    bulk_jobs: int  # at the same time
    typical_use: str


SIZES: tuple[Size, ...] = (
    Size("xs", "Extra Small", 50, 8, 100_000, 1, "Learning FHIR, a prototype, one developer"),
    Size("s", "Small", 200, 16, 1_000_000, 1, "A team's development and test servers"),
    Size("m", "Medium", 600, 32, 10_000_000, 2, "A practice or a department in production"),
    Size("l", "Large", 2_000, 64, 50_000_000, 4, "A hospital, or an application with many users"),
    Size("xl", "Extra Large", 20_000, 128, 250_000_000, 8, "A network of hospitals, a payer, a registry"),
)
SMALLEST = SIZES[0]
_by_code = {size.code: size for size in SIZES}


def get_size(code: str) -> Size:
    """Raises KeyError for a code that is not in the table."""
    return _by_code[code]
