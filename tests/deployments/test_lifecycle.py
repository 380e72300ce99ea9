"""Which event is possible in which state."""

import pytest

from deployments import lifecycle
from deployments.lifecycle import Event
from deployments.models import State


@pytest.mark.parametrize("state", sorted(lifecycle.WORKING))
def test_a_working_deployment_takes_no_orders_from_people(state: State) -> None:
    for event in (Event.START, Event.STOP, Event.RESIZE, Event.DELETE, Event.RETRY):
        assert not lifecycle.can(state, event)
        with pytest.raises(lifecycle.NotAllowed):
            lifecycle.next_state(state, event)


@pytest.mark.parametrize("state", sorted(lifecycle.WORKING))
def test_work_that_fails_never_leaves_a_deployment_in_a_working_state(state: State) -> None:
    assert lifecycle.next_state(state, Event.FAIL) not in lifecycle.WORKING


@pytest.mark.parametrize("state", sorted(set(State) - lifecycle.WORKING))
def test_every_resting_deployment_can_be_deleted(state: State) -> None:
    assert lifecycle.next_state(state, Event.DELETE) is State.DELETING


def test_the_refusal_is_in_words() -> None:
    with pytest.raises(lifecycle.NotAllowed, match="One cannot start a deployment while it is running"):
        lifecycle.next_state(State.RUNNING, Event.START)
