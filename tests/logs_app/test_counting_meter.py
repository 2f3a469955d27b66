import pytest

from logs_app.counting import meter
from logs_app.counting.meter import Meter, count_text


def tokens(*texts, cap_chars=meter.CAP_CHARS):
    counted = Meter("gpt-4o", cap_chars)
    for text in texts:
        counted.read(text)
    return counted.tokens


def test_texts_are_counted_one_by_one():
    assert tokens("Hello world", "!") == tokens("Hello world") + tokens("!") == 3


def test_tokens_that_are_known_are_added():
    counted = Meter("gpt-4o")
    counted.add(7)
    counted.read("Hello world")
    assert counted.tokens == 9


def test_a_long_text_is_counted_in_pieces_that_lose_nothing():
    words = "The quick brown fox jumps over the lazy dog. " * 4000
    assert len(words) > 3 * meter.PIECE_CHARS
    assert tokens(words) == 4000 * 10 + 1


def test_beyond_the_cap_the_count_is_extrapolated():
    text = "The quick brown fox. " * 1000
    assert tokens(text, cap_chars=len(text) // 2) == pytest.approx(tokens(text), rel=0.01)
    assert tokens("a b c d", cap_chars=0) > 0


def test_every_text_uses_up_some_of_the_cap():
    counted = Meter("gpt-4o", cap_chars=1000)
    for _ in range(1000):
        counted.read("a")
    assert counted.tokens == 1000


def test_no_text_is_no_token():
    assert tokens("") == 0
    assert count_text("", None) == 0


@pytest.mark.parametrize("text", [" " * 300_000, "\ud83d\ude00\ud83d", "a\0b"])
def test_what_makes_tiktoken_panic_is_counted_all_the_same(text):
    assert count_text(text, "gpt-4") > 0
