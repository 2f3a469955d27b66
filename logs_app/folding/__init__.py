"""Folding: the bytes of an answer become the object that the same call gives without streaming.

    folder = start(path, status, content_type, is_streaming)
    folder.feed(part)          # any chunking
    folded = folder.finish()

Nothing here raises, whatever the bytes: a record is never lost because an answer was strange. What
cannot be merged is counted in `parse_errors` and left out. Strings are collected in lists and joined once.
"""

from __future__ import annotations

from .folded import Folded
from .folder import Folder

__all__ = ["Folded", "Folder", "start"]


def start(path: str, status: int, content_type: str, is_streaming: bool) -> Folder:
    return Folder(path, status, content_type, is_streaming)
