from __future__ import annotations

import pytest

from logs_app.presentation.elision import MOST_CHARACTERS, MOST_NUMBERS, elided

PICTURE = "A" * (MOST_CHARACTERS + 500)


def test_a_vector_is_shown_by_its_beginning():
    shown = elided({"data": [{"embedding": [0.5] * 1536}]})
    assert shown == {"data": [{"embedding": [0.5, 0.5, 0.5, 0.5, "… 1532 more numbers"]}]}


@pytest.mark.parametrize("name", ["b64_json", "base64", "embedding", "data", "file_data", "result"])
def test_an_encoded_file_is_shown_by_its_beginning(name: str):
    assert elided({name: PICTURE})[name] == "A" * 64 + f"… {len(PICTURE) - 64} more characters"


def test_a_data_url_is_shown_by_its_beginning_wherever_it_stands():
    url = f"data:image/png;base64,{PICTURE}"
    shown = elided({"content": [{"type": "image_url", "image_url": {"url": url}}]})
    assert shown["content"][0]["image_url"]["url"].startswith("data:image/png;base64,AAAA")
    assert len(shown["content"][0]["image_url"]["url"]) < 200


@pytest.mark.parametrize(
    "value",
    [
        None, 7, "text", {"text": "word " * 10_000}, {"data": "a sentence " * 1000}, {"content": PICTURE},
        [1] * MOST_NUMBERS, {"a": [{"b": [0.5, "x"] * 100}]}, {"b64_json": "short"},
    ],
)  # fmt: skip
def test_what_is_read_stays_and_is_the_same_object(value: object):
    assert elided(value) is value


def test_deep_nesting_is_no_problem():
    value: object = "x"
    for _ in range(5000):
        value = [value]
    assert elided(value) is value
