"""Undoing a Content-Encoding, within bounds, for the few places that must read what they pass on.

Strict: what two programs could undo differently (data after the end, a second stream, an encoding inside
another) is not undone at all.
"""

from __future__ import annotations

import zlib

import zstandard

from .headers import PLAIN

_GZIP = 16 + zlib.MAX_WBITS
_WINDOW_BYTES = 128 * 1024 * 1024  # the head of a zstd frame may ask for far more
_STEP_BYTES = 1024  # of zstd, which can hold 32 MB


class Undecodable(Exception):
    """Its words say why, and follow "the body"."""


def decode(body: bytes, encoding: bytes, limit_bytes: int) -> bytes:
    """The body as it was before `encoding`, a whole header value. Raises Undecodable."""
    encoding = encoding.strip().lower()
    if encoding in PLAIN:
        return body
    if encoding == b"gzip":
        return _gunzip(body, limit_bytes)
    if encoding == b"zstd":
        return _unzstd(body, limit_bytes)
    shown = encoding[:50].decode("latin-1")
    raise Undecodable(f"has the content encoding '{shown}'; only gzip and zstd can be undone")


def _gunzip(body: bytes, limit_bytes: int) -> bytes:
    decoder = zlib.decompressobj(_GZIP)
    try:
        decoded = decoder.decompress(body, limit_bytes + 1)
    except zlib.error:
        raise Undecodable("is not valid gzip") from None
    return _whole(decoded, limit_bytes, decoder.eof, decoder.unused_data)


def _unzstd(body: bytes, limit_bytes: int) -> bytes:
    decoder = zstandard.ZstdDecompressor(max_window_size=_WINDOW_BYTES).decompressobj()
    decoded, position = bytearray(), 0
    try:
        while position < len(body) and len(decoded) <= limit_bytes and not decoder.eof:
            decoded += decoder.decompress(body[position : position + _STEP_BYTES])
            position += _STEP_BYTES
    except zstandard.ZstdError:
        raise Undecodable("is not valid zstd") from None
    return _whole(bytes(decoded), limit_bytes, decoder.eof, decoder.unused_data + body[position:])


def _whole(decoded: bytes, limit_bytes: int, has_ended: bool, rest: bytes) -> bytes:
    if len(decoded) > limit_bytes:
        raise Undecodable(f"is larger than {limit_bytes} bytes when it is decoded")
    if not has_ended or rest:
        raise Undecodable("does not end where its encoding does")
    return decoded
