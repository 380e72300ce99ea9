"""What can be subscribed and what it costs, as data. Prices are in cents (euro) an hour, so that sums stay exact."""

from dataclasses import dataclass
from datetime import timedelta

TRIAL_LIFE = timedelta(days=30)
TRIAL_SIZES = frozenset({"xs"})
KEPT_AFTER_TRIAL = timedelta(days=30)
HOURS_A_MONTH = 730
CURRENCY = "EUR"


@dataclass(frozen=True)
class SizePrice:
    """The price of one running hour of a size, without and with high availability."""

    size: str
    title: str
    hour: int
    hour_highly_available: int
    suits: str

    @property
    def month(self) -> int:
        """Cents for a month of 730 hours."""
        return self.hour * HOURS_A_MONTH

    @property
    def month_highly_available(self) -> int:
        return self.hour_highly_available * HOURS_A_MONTH


@dataclass(frozen=True)
class Service:
    """A card of the Cloud Services page."""

    slug: str
    title: str
    summary: str
    points: tuple[str, ...]
    icon: str


FHIR_SERVER = Service(
    slug="fhir-server",
    title="FHIR server",
    summary="A FHIR R4 server of your own, with keys, OAuth 2.0 and an explorer around it.",
    points=(
        "All 146 resource types of R4, every interaction",
        "API keys and an integrated OAuth 2.0 and SMART server",
        "Synthetic patients to start with, or your own data",
    ),
    icon="server",
)
SERVICES = {service.slug: service for service in (FHIR_SERVER,)}

SIZE_PRICES = {
    price.size: price
    for price in (
        SizePrice("xs", "Extra Small", 4, 10, "Trying things out, a demonstration"),
        SizePrice("s", "Small", 11, 27, "One application in development"),
        SizePrice("m", "Medium", 29, 70, "A pilot with a few clinics"),
        SizePrice("l", "Large", 74, 175, "A hospital's patient applications"),
        SizePrice("xl", "Extra Large", 180, 420, "A region, population queries"),
    )
}
# Cents a month for each GiB stored beyond what the size includes, and for each million requests.
STORAGE_GIB_MONTH = 12
MILLION_REQUESTS = 90
