from __future__ import annotations

import gzip
import zlib

import pytest
import zstandard

from proxy import decoding

BODY = b'{"model": "gpt-4o"}' * 50
LIMIT = 1 << 20


def zstd(body: bytes) -> bytes:
    return zstandard.ZstdCompressor().compress(body)


def streamed_zstd(body: bytes) -> bytes:
    """Without its size in the frame's head."""
    compressor = zstandard.ZstdCompressor().compressobj()
    return compressor.compress(body) + compressor.flush()


@pytest.mark.parametrize("encoding", [b"", b"identity", b"Identity "])
def test_a_plain_body_stays_as_it_is(encoding: bytes) -> None:
    assert decoding.decode(BODY, encoding, LIMIT) is BODY


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        (b"gzip", gzip.compress(BODY, mtime=0)),
        (b"GZIP", gzip.compress(BODY, mtime=0)),
        (b"zstd", zstd(BODY)),
        (b"zstd", streamed_zstd(BODY)),
        (b"zstd", zstd(b"")),
        (b"gzip", gzip.compress(b"", mtime=0)),
    ],
)
def test_gzip_and_zstd_are_undone(encoding: bytes, body: bytes) -> None:
    assert decoding.decode(body, encoding, LIMIT) in (BODY, b"")


def test_incompressible_zstd_of_some_megabytes_is_undone() -> None:
    noise = b"".join(zlib.compress(bytes([n])) for n in range(256)) * 1000
    assert decoding.decode(streamed_zstd(noise), b"zstd", len(noise)) == noise


@pytest.mark.parametrize(
    ("encoding", "body", "words"),
    [
        (b"br", BODY, "only gzip and zstd"),
        (b"deflate", zlib.compress(BODY), "only gzip and zstd"),
        (b"gzip, gzip", gzip.compress(gzip.compress(BODY, mtime=0), mtime=0), "only gzip and zstd"),
        (b"gzip", BODY, "not valid gzip"),
        (b"zstd", BODY, "not valid zstd"),
        (b"gzip", gzip.compress(BODY, mtime=0)[:-1], "does not end"),
        (b"zstd", streamed_zstd(BODY)[:-1], "does not end"),
        (b"gzip", gzip.compress(BODY, mtime=0) + b"x", "does not end"),
        (b"zstd", zstd(BODY) + b"x", "does not end"),
        (b"gzip", gzip.compress(BODY, mtime=0) * 2, "does not end"),
        (b"zstd", zstd(BODY) * 2, "does not end"),
        (b"gzip", b"", "does not end"),
        (b"zstd", b"", "does not end"),
        (b"gzip", gzip.compress(bytes(LIMIT + 1), mtime=0), "is larger than"),
        (b"zstd", zstd(bytes(LIMIT + 1)), "is larger than"),
    ],
)
def test_what_could_be_undone_in_two_ways_or_not_within_bounds_is_refused(
    encoding: bytes, body: bytes, words: str
) -> None:
    with pytest.raises(decoding.Undecodable, match=words):
        decoding.decode(body, encoding, LIMIT)


@pytest.mark.parametrize("encode", [gzip.compress, zstd])
def test_a_bomb_is_given_up_early(encode: object) -> None:
    bomb = encode(bytes(1 << 29))  # type: ignore[operator]
    encoding = b"zstd" if encode is zstd else b"gzip"
    with pytest.raises(decoding.Undecodable, match="is larger"):
        decoding.decode(bomb, encoding, LIMIT)
