import zlib

import pytest
import zstandard

from proxy.simulator.player import Encoder


@pytest.mark.parametrize(
    ("name", "decoder"),
    [
        ("gzip", lambda: zlib.decompressobj(31)),
        ("deflate", lambda: zlib.decompressobj(15)),
        ("zstd", lambda: zstandard.ZstdDecompressor().decompressobj()),
    ],
)
def test_encoded_parts_can_be_read_as_they_come(name: str, decoder) -> None:
    encoder, reading = Encoder(name), decoder()
    for part in (b"one", b"two", "drei 🙂".encode()):
        assert reading.decompress(encoder.encode(part)) == part
    assert reading.decompress(encoder.finish()) == b""
