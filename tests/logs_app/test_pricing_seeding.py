from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from logs_app.models import ModelPrice
from logs_app.pricing import reading, seeding
from logs_app.pricing.rates import RATE_NAMES

USUAL = ("gpt-4o", "gpt-4o-mini-2024-07-18", "claude-sonnet-4-5-20250929", "qwen-plus", "deepseek-chat",
         "gemini-2.5-flash", "text-embedding-3-small", "whisper-1")  # fmt: skip
FLASH = ("gemini-2.5-flash", "gemini-2.0-flash")


def test_the_file_is_whole():
    listed = json.loads(seeding.FILE.read_text())
    assert datetime.fromisoformat(listed["date"])
    rows = list(seeding.rows())
    identities = {tuple(row[name] for name in seeding.IDENTITY) for row in rows}
    assert len(identities) == len(rows)
    known = {"models", "provider", "service_tier", "above_prompt_tokens", "valid_from", *RATE_NAMES}
    assert all(price.keys() <= known for price in listed["prices"])
    assert all(any(row.get(name) for name in RATE_NAMES) for row in rows)
    assert all(row["cached_input"] <= row["input"] for row in rows if "cached_input" in row)


@pytest.mark.parametrize("model", USUAL)
def test_a_new_relay_knows_what_the_usual_models_cost(scratch, model):
    assert reading.read(scratch.alias).find([model], "default", "", datetime.now(UTC)) is not None


@pytest.mark.django_db
def test_loading_again_adds_nothing_and_changes_nothing():
    seeding.load(ModelPrice, "default")
    ModelPrice.objects.filter(model="gpt-4o", service_tier="").update(input=1)
    assert seeding.load(ModelPrice, "default") == 0
    assert ModelPrice.objects.get(model="gpt-4o", service_tier="").input == 1


@pytest.mark.django_db
def test_new_rates_come_to_the_prices_of_the_list_that_nobody_edited():
    seeding.load(ModelPrice, "default")
    ModelPrice.objects.update(audio_input=None)
    ModelPrice.objects.filter(model="gemini-2.0-flash").update(input=1)
    seeding.complete(ModelPrice, "default", ("audio_input",))
    rates = dict(ModelPrice.objects.filter(model__in=FLASH).values_list("model", "audio_input"))
    assert rates == {"gemini-2.5-flash": 1_000_000_000, "gemini-2.0-flash": None}


def test_a_new_relay_knows_what_sound_and_pictures_cost(scratch):
    book = reading.read(scratch.alias)
    sound = book.find(["gpt-audio-1.5"], "default", "", datetime.now(UTC))
    picture = book.find(["gpt-image-1.5"], "default", "", datetime.now(UTC))
    assert (sound.audio_input, sound.audio_output) == (32_000_000_000, 64_000_000_000)
    assert (picture.image_input, picture.image_output) == (8_000_000_000, 32_000_000_000)


@pytest.mark.django_db
def test_what_is_missing_is_added():
    seeding.load(ModelPrice, "default")
    ModelPrice.objects.filter(model="gpt-4o").delete()
    assert seeding.load(ModelPrice, "default", dry_run=True) == 1
    assert seeding.load(ModelPrice, "default") == 1
