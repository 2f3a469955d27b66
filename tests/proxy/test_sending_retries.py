from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from proxy.sending import retries


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504, 529])
def test_statuses_that_invite_a_repeat(status: int) -> None:
    assert retries.repeats(status)


@pytest.mark.parametrize("status", [200, 400, 401, 402, 403, 404, 413, 422, 501])
def test_statuses_that_do_not(status: int) -> None:
    assert not retries.repeats(status)


@pytest.mark.parametrize("status", [402, 408, 429, 500, 501, 503, 529])
def test_statuses_after_which_another_provider_is_asked(status: int) -> None:
    assert retries.moves_on(status)


@pytest.mark.parametrize("status", [200, 400, 404, 409, 413, 415, 422])
def test_the_callers_fault_stays_where_it_is(status: int) -> None:
    assert not retries.moves_on(status)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ([], None),
        ([(b"retry-after", b"2")], 2),
        ([(b"retry-after", b"0.25")], 0.25),
        ([(b"retry-after-ms", b"1500"), (b"retry-after", b"9")], 1.5),
        ([(b"retry-after", b"soon")], None),
        ([(b"retry-after", b"-1")], None),
        ([(b"retry-after", b"1.2.3")], None),
        ([(b"retry-after", b"\xb2")], None),
    ],
)
def test_retry_after_in_seconds(headers: list[tuple[bytes, bytes]], seconds: float | None) -> None:
    assert retries.retry_after(headers) == seconds


def test_retry_after_as_a_date() -> None:
    date = formatdate(time.time() + 4, usegmt=True).encode()
    seconds = retries.retry_after([(b"retry-after", date)])
    assert seconds is not None and 2 < seconds <= 4


def test_what_the_provider_asks_for_is_kept_exactly() -> None:
    assert retries.wait(0, 2.0) == 2.0
    assert retries.wait(5, 0.0) == 0.0
    assert retries.wait(0, -3.0) == 0.0


def test_a_provider_that_asks_for_too_much_is_not_waited_for() -> None:
    assert retries.wait(0, retries.LONGEST_WAIT_SECONDS + 1) is None


def test_without_a_word_the_wait_doubles_with_jitter_up_to_a_cap() -> None:
    for count in range(8):
        full = min(0.5 * 2**count, 8)
        found = {retries.wait(count, None) for _ in range(20)}
        assert all(seconds is not None and 0.75 * full <= seconds <= full for seconds in found)
        assert len(found) > 1
