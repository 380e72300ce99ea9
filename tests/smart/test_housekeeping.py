"""What nobody can use any more goes; what somebody can still use stays."""

from datetime import timedelta

import pytest
from django.utils import timezone

from smart.housekeeping import forget_ended
from smart.models import Authorization, AuthorizationCode, RefreshToken
from tests.smart.conftest import Flow


def test_live_authorizations_stay_and_ended_ones_go(flow: Flow) -> None:
    refresh = flow.tokens()["refresh_token"]
    old = timezone.now() - timedelta(days=60)
    Authorization.objects.update(created=old)
    AuthorizationCode.objects.update(expires=old)
    forget_ended()
    refreshed = flow.refresh(refresh)
    assert refreshed.status_code == 200
    RefreshToken.objects.update(expires=old)
    forget_ended()
    assert not Authorization.objects.exists()
    assert flow.refresh(refreshed.json()["refresh_token"]).json()["error"] == "invalid_grant"


@pytest.mark.django_db
def test_nothing_to_forget_is_fine() -> None:
    assert forget_ended() == 0
