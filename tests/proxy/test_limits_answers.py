from __future__ import annotations

import pytest

from accounts.budgets.budget import MINUTE_US, SECOND_US
from proxy.limits import answers
from proxy.limits.limiter import Refused, Remaining
from tests.accounts.limited import budgets

SECOND, MINUTE, TOKENS, STREAMS = budgets(10, 100, 5000, 2, owner="key 'web'")


def test_the_headers_are_those_of_openai() -> None:
    found = answers.headers([Remaining(MINUTE, 99, MINUTE_US), Remaining(TOKENS, 4200, 41_500_001)])

    assert found == [
        (b"x-ratelimit-limit-requests", b"100"),
        (b"x-ratelimit-remaining-requests", b"99"),
        (b"x-ratelimit-reset-requests", b"1m0s"),
        (b"x-ratelimit-limit-tokens", b"5000"),
        (b"x-ratelimit-remaining-tokens", b"4200"),
        (b"x-ratelimit-reset-tokens", b"41.501s"),
    ]


def test_without_a_limit_of_tokens_nothing_is_said_of_tokens() -> None:
    assert {name for name, _ in answers.headers([Remaining(SECOND, 9, SECOND_US)])} == {
        b"x-ratelimit-limit-requests",
        b"x-ratelimit-remaining-requests",
        b"x-ratelimit-reset-requests",
    }


def test_of_several_limits_the_one_nearest_to_its_end_is_told() -> None:
    found = dict(answers.headers([Remaining(SECOND, 9, SECOND_US), Remaining(MINUTE, 3, MINUTE_US)]))

    assert found[b"x-ratelimit-limit-requests"] == b"100"


@pytest.mark.parametrize(
    ("us", "text"),
    [
        (0, b"0s"),
        (1, b"1ms"),
        (20_000, b"20ms"),
        (999_001, b"1s"),
        (1_000_000, b"1s"),
        (7_660_000, b"7.66s"),
        (59_999_001, b"1m0s"),
        (60_500_000, b"1m0.5s"),
    ],
)
def test_times_are_written_as_openai_writes_them(us: int, text: bytes) -> None:
    assert dict(answers.headers([Remaining(SECOND, 1, us)]))[b"x-ratelimit-reset-requests"] == text


@pytest.mark.parametrize(
    ("refused", "sentence"),
    [
        (
            Refused(SECOND, 1, 340_000),
            "Rate limit reached: the limit of key 'web' is 10 requests per second. Try again in 340ms.",
        ),
        (
            Refused(STREAMS, 1, SECOND_US),
            "Rate limit reached: the limit of key 'web' is 2 streams at once. Try again when one has ended.",
        ),
        (
            Refused(TOKENS, 9000, None),
            "This request alone may use about 9000 tokens, but the limit of key 'web' is 5000 tokens "
            "per minute. Ask for a shorter answer (max_tokens) or send less.",
        ),
        (
            Refused(budgets(second=0, owner="project 'shop'")[0], 1, None),
            "Blocked: the limit of project 'shop' is 0 requests per second.",
        ),
    ],
)
def test_a_refusal_says_whose_limit_and_which(refused: Refused, sentence: str) -> None:
    error = answers.refusal(refused)

    assert (error.status, error.code, error.message) == (429, "rate_limit_exceeded", sentence)


def test_who_is_to_wait_is_told_how_long_rounded_up() -> None:
    error = answers.refusal(Refused(SECOND, 1, 1_200_001))

    assert error.headers == ((b"retry-after", b"2"), (b"retry-after-ms", b"1201"))


def test_who_would_wait_in_vain_is_told_not_to() -> None:
    error = answers.refusal(Refused(SECOND, 1, None))

    assert error.headers == ((b"x-should-retry", b"false"),)
