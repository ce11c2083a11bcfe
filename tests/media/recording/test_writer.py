import threading

import pytest
from support.clock import FakeClock

from media.recording.writer import WriterThread


class Steps:
    """A job that takes so many rounds, and says so."""

    def __init__(self, rounds: int = 1, error: Exception | None = None) -> None:
        self.rounds = rounds
        self.error = error
        self.threads: set[str] = set()
        self.abandoned: list[str] = []
        self.ended = threading.Event()

    def service(self, now_ns: int) -> bool:
        self.threads.add(threading.current_thread().name)
        if self.error is not None:
            raise self.error
        self.rounds -= 1
        if self.rounds == 0:
            self.ended.set()
        return self.rounds > 0

    def abandon(self, reason: str) -> None:
        self.abandoned.append(reason)
        self.ended.set()


class TestThread:
    def test_serves_every_job_until_it_ends(self, writer: WriterThread) -> None:
        jobs = [Steps(1), Steps(3)]
        for job in jobs:
            writer.add(job)
        writer.wake()
        assert all(job.ended.wait(10) for job in jobs)
        assert {name for job in jobs for name in job.threads} == {"recording-writer"}
        assert [job.rounds for job in jobs] == [0, 0]

    def test_a_job_that_breaks_is_let_go_and_reported(
        self, writer: WriterThread, caplog: pytest.LogCaptureFixture
    ) -> None:
        broken, good = Steps(error=ZeroDivisionError("bug")), Steps(2)
        writer.add(broken)
        writer.add(good)
        assert broken.ended.wait(10)
        assert good.ended.wait(10)
        assert "internal error" in broken.abandoned[0]
        assert "recording abandoned" in caplog.text

    def test_the_end_lets_go_of_what_has_not_ended(self, clock: FakeClock) -> None:
        thread = WriterThread(clock)
        thread.start()
        job = Steps(1 << 30)
        thread.add(job)
        thread.stop()
        assert "before the recording did" in job.abandoned[0]

    def test_starts_once(self, writer: WriterThread) -> None:
        with pytest.raises(RuntimeError, match="before"):
            writer.start()

    def test_takes_no_job_when_it_does_not_run(self, clock: FakeClock) -> None:
        thread = WriterThread(clock)
        with pytest.raises(RuntimeError, match="not run"):
            thread.add(Steps())
        thread.start()
        thread.stop()
        with pytest.raises(RuntimeError, match="not run"):
            thread.add(Steps())
