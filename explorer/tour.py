"""The guided tour: its steps are ticked by what the server saw, so it may be left and resumed anywhere."""

from dataclasses import dataclass

from django.urls import reverse

from credentials.models import ApiKey
from deployments.models import Deployment, State
from explorer.bench import bench_url
from explorer.building.draft import Draft
from explorer.execution import Attempt
from explorer.held import Held
from explorer.models import TourStep
from gateway.decisions import CredentialKind
from gateway.models import RequestLog
from gateway.trace_ids import INSIDE_TRACE
from portal.models import User

OPENED, AUTHORIZED, CREATED, SEARCHED, REPLAYED = "opened", "authorized", "created", "searched", "outside"


@dataclass(frozen=True)
class Step:
    """One line of the tour. `url` is where it is done."""

    slug: str
    title: str
    text: str
    url: str
    done: bool


def tour_steps(deployment: Deployment, user: User) -> list[Step]:
    """The steps in order, each with whether the server saw it done."""
    seen = set(TourStep.objects.filter(deployment=deployment, user=user).values_list("step", flat=True))
    patient = bench_url(deployment, "Patient")
    key = ApiKey.objects.filter(deployment=deployment).exists()
    search = Draft("search", "Patient").address() + "&gender=male"
    return [
        Step(
            "deployment",
            "Create a deployment",
            "A FHIR R4 server of your own, running.",
            reverse("deployments:overview", args=[deployment.pk]),
            deployment.state == State.RUNNING,
        ),
        Step(
            "key",
            "Create an API key",
            "It is shown once: copy it.",
            reverse("credentials:index", args=[deployment.pk]),
            key,
        ),
        Step(
            OPENED,
            "Open Patient",
            "Read what a Patient is made of: its schema, its examples, its search parameters.",
            patient,
            OPENED in seen,
        ),
        Step(
            AUTHORIZED,
            "Authorize",
            "Paste the API key at the top of the page. It stays on the server.",
            patient,
            AUTHORIZED in seen,
        ),
        Step(
            CREATED,
            "Create a Patient",
            "Execute POST /Patient with the example; the answer is 201 Created.",
            f"{patient}?.do=create",
            CREATED in seen,
        ),
        Step(
            SEARCHED,
            "Find it again",
            "Search gender=male: a Bundle that holds the new patient.",
            f"{patient}?{search}",
            SEARCHED in seen,
        ),
        Step(
            REPLAYED,
            "Take it with you",
            "Copy the curl line and run it in a shell: the tick comes when the server sees the key from outside.",
            f"{patient}?{search}",
            REPLAYED in seen or _saw_outside(deployment, user),
        ),
    ]


def _saw_outside(deployment: Deployment, user: User) -> bool:
    """Whether the log knows a successful request of an API key that these pages did not send: a tick that stays."""
    logged = RequestLog.objects.filter(
        deployment=deployment, credential_kind=CredentialKind.API_KEY, status__lt=400
    )
    if not logged.exclude(trace_id__startswith=INSIDE_TRACE).exists():
        return False
    tick_steps(deployment, user, [REPLAYED])
    return True


def tick(deployment: Deployment, user: User, attempt: Attempt, held: Held | None) -> None:
    """Remember what was just seen: a request answered, a credential that works."""
    steps = []
    if attempt.answer:
        ok = attempt.answer.status < 400
        if ok and held:
            steps.append(AUTHORIZED)
        if attempt.answer.status == 201 and attempt.draft.operation.endswith("create"):
            steps.append(CREATED)
        if ok and attempt.draft.operation.startswith("search") and attempt.draft.criteria:
            steps.append(SEARCHED)
    tick_steps(deployment, user, steps)


def tick_steps(deployment: Deployment, user: User, steps: list[str]) -> None:
    if not steps:
        return
    TourStep.objects.bulk_create(
        [TourStep(deployment=deployment, user=user, step=step) for step in steps], ignore_conflicts=True
    )
