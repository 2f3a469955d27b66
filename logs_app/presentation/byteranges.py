"""One part of what would be sent whole (RFC 9110, section 14), so that a player can seek.

Several ranges at once, other units and what is no range are answered with the whole, as the RFC allows.
"""

from __future__ import annotations

import re

from django.http import HttpRequest, HttpResponse

_ONE = re.compile(r"bytes=\s*([0-9]*)-([0-9]*)\s*", re.IGNORECASE | re.ASCII)
MOST_DIGITS = 18


def narrowed(request: HttpRequest, whole: HttpResponse) -> HttpResponse:
    """The same response, or 206 with the part that was asked for, or 416 where there is no such part."""
    whole["Accept-Ranges"] = "bytes"
    size = len(whole.content)
    # A client that names a validator has it from elsewhere: these answers carry none.
    if request.method != "GET" or "If-Range" in request.headers:
        return whole
    wanted = _wanted(request.headers.get("Range", ""), size)
    if wanted is None:
        return whole
    if not wanted:
        whole.status_code, whole.content = 416, b""
        whole["Content-Range"] = f"bytes */{size}"
        return whole
    whole.status_code, whole.content = 206, whole.content[wanted.start : wanted.stop]
    whole["Content-Range"] = f"bytes {wanted.start}-{wanted.stop - 1}/{size}"
    return whole


def _wanted(header: str, size: int) -> range | None:
    """Empty when it cannot be satisfied; None without one range that makes sense."""
    match = _ONE.fullmatch(header.strip())
    if match is None or max(map(len, match.groups())) > MOST_DIGITS:
        return None
    first, last = match.groups()
    if not first:
        return range(max(0, size - int(last)), size) if last else None
    if last and int(last) < int(first):
        return None
    return range(int(first), min(size, int(last) + 1) if last else size)
