from __future__ import annotations

import gzip
import hashlib
import zlib

import pytest
import zstandard

from logs_app.assembly.bodies import ENDS_BYTES, Body
from logs_app.assembly.bodies import UNPACKED_BYTES as MOST_UNPACKED

TEXT = b"some words and some words again " * 200
LIMIT = 1 << 20


def bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": gzip.compress(TEXT),
    "x-gzip": gzip.compress(TEXT[:3000]) + gzip.compress(TEXT[3000:]),
    "deflate": zlib.compress(TEXT),
    "zstd": zstandard.compress(TEXT),
}


def test_a_body_within_the_limit_is_kept_whole():
    body = Body(10)
    assert [body.add(b"12345"), body.add(b"67890")] == [b"12345", b"67890"]
    assert (body.content, body.size, body.cut) == (b"1234567890", 10, None)


def test_beyond_the_limit_both_ends_are_kept_with_size_and_digest():
    data = bytes(range(256)) * 2000
    body = Body(300_000)
    for start in range(0, len(data), 7000):
        body.add(data[start : start + 7000])
    assert body.content == data[:ENDS_BYTES] + data[-ENDS_BYTES:]
    assert body.cut == {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "head": ENDS_BYTES}


@pytest.mark.parametrize("limit", [0, 1, 9, 1000])
def test_a_small_limit_keeps_no_more_than_itself(limit):
    body = Body(limit)
    body.add(b"x" * 700)
    body.add(b"y" * 700)
    assert len(body.content) <= limit
    assert body.cut and body.cut["size"] == 1400


def test_one_byte_more_than_the_limit_is_cut():
    whole, cut = Body(8), Body(8)
    whole.add(b"12345678")
    cut.add(b"123456789")
    assert whole.cut is None
    assert cut.content == b"12346789"


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("step", [1, 7, 100_000])
def test_packed_bodies_are_unpacked_in_any_chunking(encoding, step):
    packed, body = PACKED[encoding], Body(LIMIT, encoding)
    unpacked = b"".join(body.add(packed[start : start + step]) for start in range(0, len(packed), step))
    assert unpacked == body.content == TEXT
    assert (body.wire_bytes, body.size, body.error) == (len(packed), len(TEXT), "")


def test_bare_deflate_is_understood_too():
    body = Body(LIMIT, "deflate")
    body.add(bare_deflate(TEXT))
    assert body.content == TEXT


@pytest.mark.parametrize("encoding", PACKED)
def test_damage_keeps_what_came_before_and_says_so(encoding):
    body = Body(LIMIT, encoding)
    body.add(PACKED[encoding][:20])
    body.add(bytes(byte ^ 0x55 for byte in PACKED[encoding][20:]))
    body.add(b"more")
    assert "damaged" in body.error
    assert body.size < len(TEXT) * 2


def test_an_unknown_encoding_is_kept_as_it_came():
    body = Body(LIMIT, "br")
    body.add(b"\x0b\x02\x80")
    assert (body.is_packed, body.content, body.error) == (True, b"\x0b\x02\x80", "")


@pytest.mark.parametrize("encoding", ["gzip", "zstd"])
def test_a_bomb_is_unpacked_only_so_far(encoding):
    zeros = bytes(MOST_UNPACKED * 2)
    packed = gzip.compress(zeros, 1) if encoding == "gzip" else zstandard.compress(zeros)
    body = Body(LIMIT, encoding)
    body.add(packed)
    assert "when unpacked" in body.error
    assert body.size < MOST_UNPACKED + (40 << 20)
