import gzip
import hashlib
import zlib

import pytest
import zstandard

from proxy.simulator import bodies
from proxy.simulator.bodies import Body


def filled(content: bytes, part_bytes: int = 100_000) -> Body:
    body = Body()
    for start in range(0, len(content), part_bytes):
        body.append(content[start : start + part_bytes])
    return body


def test_small_body_is_kept_whole() -> None:
    body = filled(b"abc" * 1000, 7)
    assert body.is_whole and body.content == b"abc" * 1000


def test_large_body_is_known_by_its_ends_and_its_digest() -> None:
    content = b'{"model": "gpt-4o", ' + b"x" * (bodies.KEPT_WHOLE_BYTES + 5) + b'"stream": true}'
    body = filled(content)
    assert not body.is_whole and body.size == len(content)
    assert len(body.content) == bodies.KEPT_START_BYTES + bodies.KEPT_END_BYTES
    assert body.sha256 == hashlib.sha256(content).hexdigest()
    assert bodies.read_json(body.content, body.is_whole) == {"model": "gpt-4o", "stream": True}


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [("gzip", gzip.compress), ("deflate", zlib.compress), ("zstd", zstandard.ZstdCompressor().compress)],
)
def test_encoded_body_is_decoded(encoding: str, encode) -> None:
    assert bodies.decode(encode(b"hello"), encoding) == b"hello"


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "zstd", "br"])
def test_body_that_cannot_be_decoded_stays_as_it_is(encoding: str) -> None:
    assert bodies.decode(b"plain", encoding) == b"plain"
