import base64
import struct

import pytest

from logs_app.counting import sounds


def sound(raw, **more):
    return {"data": base64.b64encode(raw).decode(), **more}


def test_ten_tokens_a_second_of_an_mp3():
    assert sounds.tokens(sound(b"\0" * 48_000, format="mp3")) == 30


def test_a_wav_says_its_own_rate():
    head = (
        b"RIFF" + bytes(4) + b"WAVEfmt " + struct.pack("<IHHI", 16, 1, 1, 24_000) + struct.pack("<I", 48_000)
    )
    assert sounds.tokens(sound(head.ljust(96_000, b"\0"), format="wav")) == 20


@pytest.mark.parametrize("nothing", [None, {}, {"data": None}, {"data": ""}, {"data": "A"}, "AAAA"])
def test_what_is_no_sound_costs_nothing(nothing):
    assert sounds.tokens(nothing) == 0
