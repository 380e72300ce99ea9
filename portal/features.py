"""Parts of the product that an operator can switch off for the whole installation. Rules ask `is_on`; the operator's page changes it."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction

from portal import audit
from portal.models import FeatureSwitch, User


@dataclass(frozen=True)
class Feature:
    """`off` says what is different without it."""

    name: str
    title: str
    off: str


SIGN_UP = Feature("sign-up", "Sign-up", "Only people who were invited can make an account.")
TRIALS = Feature("trials", "Trials", "A tenant has to subscribe before its first deployment.")
CONNECTED_SERVERS = Feature(
    "connected-servers",
    "Connected servers",
    "New deployments are embedded servers; those that are connected go on.",
)
FEATURES = (SIGN_UP, TRIALS, CONNECTED_SERVERS)


def is_on(feature: Feature) -> bool:
    return not FeatureSwitch.objects.filter(name=feature.name, on=False).exists()


def list_features() -> list[tuple[Feature, bool]]:
    off = set(FeatureSwitch.objects.filter(on=False).values_list("name", flat=True))
    return [(feature, feature.name not in off) for feature in FEATURES]


@transaction.atomic
def switch_features(on: Iterable[str], *, actor: User) -> None:
    """Those named are on, all others off; each change is an audit event."""
    wanted = set(on)
    for feature, was_on in list_features():
        now_on = feature.name in wanted
        if now_on == was_on:
            continue
        FeatureSwitch.objects.update_or_create(name=feature.name, defaults={"on": now_on})
        audit.record(
            "operator.feature_switched",
            tenant=None,
            actor=actor,
            target=feature.title,
            before={"on": was_on},
            after={"on": now_on},
        )
