import pytest

from media.recording.attempts import ATTEMPTS, FORGIVEN_NS, RETRY_NS, Attempts

NOW = 1000


@pytest.fixture
def attempts() -> Attempts:
    return Attempts()


def test_a_disk_that_never_failed_is_asked(attempts):
    assert not attempts.are_resting(NOW)
    assert not attempts.go_on()


def test_after_a_failure_it_rests_and_is_taken_up_once(attempts):
    assert attempts.failed(NOW, None)
    assert attempts.are_resting(NOW + RETRY_NS - 1)
    assert not attempts.are_resting(NOW + RETRY_NS)
    assert attempts.go_on()
    assert not attempts.go_on()


def test_failures_in_a_row_are_the_end(attempts):
    told = [attempts.failed(NOW, NOW - FORGIVEN_NS + 1) for _ in range(ATTEMPTS)]
    assert told == [True] * (ATTEMPTS - 1) + [False]
    assert attempts.given_up
    assert attempts.are_resting(NOW + 100 * RETRY_NS)


def test_a_file_that_lived_long_ends_the_row(attempts):
    for _ in range(3 * ATTEMPTS):
        assert attempts.failed(NOW, NOW - FORGIVEN_NS)
