"""The states of a deployment as one table: which event is possible in which state, and where it leads."""

from enum import Enum

from deployments.models import State
from portal.services.refusals import Refused


class Event(Enum):
    """What happens to a deployment. The first five are asked for by people, the last two by its jobs."""

    START = "start"
    STOP = "stop"
    RESIZE = "change the size of"
    DELETE = "delete"
    RETRY = "try again to make"
    SUCCEED = "finish the work on"
    FAIL = "give up the work on"


TRANSITIONS: dict[tuple[State, Event], State] = {
    (State.CREATING, Event.SUCCEED): State.RUNNING,
    (State.CREATING, Event.FAIL): State.FAILED,
    (State.FAILED, Event.RETRY): State.CREATING,
    (State.FAILED, Event.DELETE): State.DELETING,
    (State.RUNNING, Event.STOP): State.STOPPING,
    (State.RUNNING, Event.RESIZE): State.UPDATING,
    (State.RUNNING, Event.DELETE): State.DELETING,
    (State.UPDATING, Event.SUCCEED): State.RUNNING,
    (State.UPDATING, Event.FAIL): State.RUNNING,
    (State.STOPPING, Event.SUCCEED): State.STOPPED,
    (State.STOPPING, Event.FAIL): State.RUNNING,
    (State.STOPPED, Event.START): State.STARTING,
    (State.STOPPED, Event.DELETE): State.DELETING,
    (State.STARTING, Event.SUCCEED): State.RUNNING,
    (State.STARTING, Event.FAIL): State.STOPPED,
    (State.DELETING, Event.FAIL): State.FAILED,
}

WORKING = frozenset({State.CREATING, State.STOPPING, State.STARTING, State.UPDATING, State.DELETING})


class NotAllowed(Refused):
    """The event is not possible in the state the deployment is in. The text is for people."""


def can(state: str, event: Event) -> bool:
    return (State(state), event) in TRANSITIONS


def next_state(state: str, event: Event) -> State:
    """Where the event leads. Raises NotAllowed."""
    try:
        return TRANSITIONS[State(state), event]
    except KeyError:
        label = State(state).label.lower()
        raise NotAllowed(f"One cannot {event.value} a deployment while it is {label}.") from None
