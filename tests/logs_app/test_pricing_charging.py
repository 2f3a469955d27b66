from __future__ import annotations

from datetime import UTC, datetime

import pytest

from logs_app.pricing import Book, Rates
from logs_app.pricing.book import Entry
from logs_app.pricing.charging import billed, charge, own_rates, quantities, rates_for

START = datetime(2020, 1, 1, tzinfo=UTC)
RECORD = {
    "model": "asked", "model_sent": "sent", "model_served": "served-2026", "provider": "p",
    "service_tier": "default", "prompt_tokens": 10, "completion_tokens": 5, "cached_tokens": None,
    "cache_write_tokens": None, "image_count": None, "audio_seconds": None, "character_count": None,
    "audio_tokens": None, "prompt_audio_tokens": None, "image_tokens": None, "prompt_image_tokens": None,
}  # fmt: skip
M = 1_000_000


def book(**rates: int) -> Book:
    return Book(Entry(name, "", "", 0, START, Rates(input=rate * M)) for name, rate in rates.items())


def test_what_was_served_is_priced_before_what_was_sent_or_asked():
    at = datetime.now(UTC)
    assert rates_for(RECORD | {"model_served": "served"}, book(asked=1, sent=2, served=3), at).input == 3 * M
    assert rates_for(RECORD, book(asked=1, sent=2), at).input == 2 * M
    assert rates_for(RECORD, book(asked=1), at).input == M
    assert rates_for(RECORD, book(other=1), at) is None


def test_a_record_of_sound_is_charged_by_its_parts():
    heard = RECORD | {"prompt_audio_tokens": 4, "audio_tokens": 7}
    price = Rates(input=M, output=2 * M, audio_input=10 * M, audio_output=20 * M)
    assert charge(heard, price)["cost_nanos"] == 6 * 1 + 4 * 10 + 2 * 2 + 3 * 20


def test_a_record_gets_its_cost_and_the_version_of_its_price():
    price = Rates(input=M, output=2 * M)
    assert charge(RECORD, price) == {"cost_nanos": 20, "price_version": price.version}
    assert charge(RECORD, price, is_own=True) == {"cost_nanos": 20, "price_version": "own"}
    nothing = {"cost_nanos": None, "price_version": ""}
    assert charge(RECORD, None) == nothing
    assert charge(RECORD | {"prompt_tokens": None}, price) == nothing


@pytest.mark.parametrize("price", [None, 5, {}, {"input": "1"}, {"input": -1}, {"other": 5}])
def test_what_is_no_price_in_the_journal_is_none(price):
    assert own_rates(price) is None


def test_a_price_in_the_journal_is_in_nano_dollars():
    assert own_rates({"input": 5, "output": 0, "image": None}) == Rates(input=5, output=0)


def test_images_seconds_and_characters_are_counted_where_they_are_charged():
    made = {"data": [{"b64_json": "x"}, {"url": "y"}]}
    assert quantities("image", made, None, "/v1/images/generations", None)["image_count"] == 2
    duration = {"type": "duration", "seconds": 9}
    transcription = quantities("audio", {"text": "x"}, duration, "/v1/audio/transcriptions", None)
    assert transcription["audio_seconds"] == 9.0
    verbose = quantities("audio", {"text": "x", "duration": 8.5}, None, "/v1/audio/transcriptions", None)
    assert verbose["audio_seconds"] == 8.5
    spoken = quantities("audio", None, None, "/v1/audio/speech", {"input": "你好!"})
    assert spoken == {"image_count": None, "audio_seconds": None, "character_count": 3}


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -1, "9", None, True])
def test_nonsense_is_no_duration(value):
    assert quantities("audio", {"duration": value}, None, "/x", None)["audio_seconds"] is None


@pytest.mark.parametrize(
    ("usage", "nanos"),
    [
        ({"cost": 0.00007159, "is_byok": False}, 71_590),
        ({"cost": 0, "is_byok": False}, 0),
        ({"cost": 0.5, "is_byok": True}, None),
        ({"cost": 0.5}, None),
        ({"cost": float("nan"), "is_byok": False}, None),
        ({"cost": "1", "is_byok": False}, None),
        ({"cost": -1, "is_byok": False}, None),
        ({"cost_in_usd_ticks": 1_641_500}, 164_150),
        ({"cost_in_usd_ticks": 2**70}, None),
        (None, None),
    ],
)
def test_what_the_provider_says_it_charged(usage, nanos):
    assert billed(usage) == nanos
