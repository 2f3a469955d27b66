from __future__ import annotations

import random
from concurrent.futures import ThreadPoolExecutor

import pytest
import zstandard

from logs_app import payloads


@pytest.mark.parametrize("data", [b"x", b"\x00\xff" * 100, b"long " * 100_000])
def test_bytes_come_back(data):
    assert payloads.unpack(payloads.pack(data)) == data


def test_repetition_is_stored_small():
    assert len(payloads.pack(b"the same " * 1000) or b"") < 100


def test_nothing_is_stored_as_nothing():
    assert payloads.pack(b"") is None
    assert payloads.pack_json([]) is None
    assert payloads.pack_timings([]) is None
    assert payloads.unpack(None) == b""
    assert payloads.unpack_json(None) is None
    assert payloads.unpack_timings(None) == []


@pytest.mark.parametrize("value", [{"a": [1, None, "é"]}, [["n", "v"]], {"n": 2**70}, ["\ud800"]])
def test_json_comes_back_whatever_is_in_it(value):
    assert payloads.unpack_json(payloads.pack_json(value)) == value


def test_timings_come_back():
    timings = [(1000, 5), (1000, 0), (3_600_000_000, 262_144)]
    assert payloads.unpack_timings(payloads.pack_timings(timings)) == timings


def test_a_gap_of_more_than_an_hour_is_shown_as_the_longest():
    (first, _) = payloads.unpack_timings(payloads.pack_timings([(0, 1), (2**40, 1)]))[1]
    assert first == 2**32 - 1


def test_frames_made_without_the_dictionary_are_read() -> None:
    data = b"hello " * 100
    assert payloads.unpack(zstandard.ZstdCompressor().compress(data)) == data


def test_a_small_exchange_takes_little() -> None:
    headers = [
        ["content-type", "application/json"], ["user-agent", "OpenAI/Python 2.9.0"], ["authorization", "***"],
        ["x-stainless-lang", "python"], ["x-stainless-runtime", "CPython"], ["connection", "keep-alive"],
    ]  # fmt: skip
    packed = payloads.pack_json(headers)
    assert packed is not None
    assert len(packed) < 90  # 226 bytes of JSON, 155 without the dictionary
    assert payloads.unpack_json(packed) == headers


def test_threads_do_not_disturb_each_other() -> None:
    def there_and_back(seed: int) -> bool:
        data = [random.Random(seed + n).randbytes(5000) * 4 for n in range(50)]
        return all(payloads.unpack(payloads.pack(each)) == each for each in data)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(there_and_back, range(8)))
