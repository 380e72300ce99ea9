"""Who works beside whom in one worker: a job whose worker died is alone, and nobody waits for ever."""

import threading
from concurrent.futures import Future, ThreadPoolExecutor

from deployments.job_room import place


class Job:
    """In the room from when it comes in until it is told to leave."""

    def __init__(self, pool: ThreadPoolExecutor, *, alone: bool = False) -> None:
        self.is_inside, self.may_leave = threading.Event(), threading.Event()
        self._future: Future[None] = pool.submit(self._work, alone)

    def _work(self, alone: bool) -> None:
        with place(alone=alone):
            self.is_inside.set()
            assert self.may_leave.wait(30)

    def comes_in(self) -> bool:
        return self.is_inside.wait(30)

    def stays_outside(self) -> bool:
        return not self.is_inside.wait(0.2)

    def leave(self) -> None:
        self.may_leave.set()
        self._future.result(30)


def test_jobs_run_side_by_side_and_one_that_is_to_be_alone_by_itself() -> None:
    with ThreadPoolExecutor(5) as pool:
        first, second = Job(pool), Job(pool)
        assert first.comes_in()
        assert second.comes_in()
        suspect = Job(pool, alone=True)
        assert suspect.stays_outside()
        # Whoever comes later does not keep it waiting.
        later = Job(pool)
        first.leave()
        assert suspect.stays_outside()
        second.leave()
        assert suspect.comes_in()
        assert later.stays_outside()
        another = Job(pool, alone=True)
        # Of these two either may be the first.
        later.may_leave.set()
        another.may_leave.set()
        suspect.leave()
        later.leave()
        another.leave()
