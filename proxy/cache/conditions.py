"""Conditional requests: a client's against a stored answer, and ours to the provider (RFC 9110, section 13;
RFC 9111, section 4.3). Pure."""

from __future__ import annotations

import re
from email.utils import parsedate_to_datetime

from ..headers import HOP_BY_HOP, RawHeaders, first

# What a 304 repeats of the answer that it stands for.
_OF_304 = frozenset(b"cache-control content-location date etag expires vary last-modified age".split())
# They describe the bytes that are kept, which a 304 does not bring.
_OF_BODY = HOP_BY_HOP | frozenset(b"content-encoding content-length content-range content-type".split())
_TAG = re.compile(rb'(?:W/)?("[^"]*")')


def is_unchanged(asked: RawHeaders, stored: RawHeaders) -> bool:
    """Whether the client has this answer already, so that 304 says all."""
    tags = b", ".join(value for name, value in asked if name == b"if-none-match")
    if tags:
        own = _TAG.fullmatch(first(stored, b"etag"))
        return tags.strip() == b"*" or (own is not None and own[1] in _TAG.findall(tags))
    since, changed = first(asked, b"if-modified-since"), first(stored, b"last-modified")
    if not (since and changed):
        return False
    try:
        return parsedate_to_datetime(changed.decode()) <= parsedate_to_datetime(since.decode())
    except (ValueError, TypeError):
        return since == changed


def validators(stored: RawHeaders) -> RawHeaders:
    """What to ask the provider with; empty where it gave nothing to ask with."""
    pairs = (
        (b"if-none-match", first(stored, b"etag")),
        (b"if-modified-since", first(stored, b"last-modified")),
    )
    return [(name, value) for name, value in pairs if value]


def freshened(stored: RawHeaders, confirmed: RawHeaders) -> RawHeaders:
    """The headers of a stored answer after the provider's 304 (RFC 9111, section 3.2)."""
    new = [header for header in confirmed if header[0] not in _OF_BODY]
    names = {name for name, _ in new}
    return [header for header in stored if header[0] not in names] + new


def of_304(headers: RawHeaders) -> RawHeaders:
    return [header for header in headers if header[0] in _OF_304 or header[0].startswith(b"x-")]
