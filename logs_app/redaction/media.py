"""Files in base64 within JSON: no text, so nothing is looked for in them; images may be redacted whole."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from .kinds import IMAGE

if TYPE_CHECKING:
    from .redactor import Redactor

SHORTEST = 256
DATA_URL = re.compile(r"data:([\w.+-]{0,60}/?[\w.+-]{0,60})[;=\w.+-]{0,200};base64,", re.IGNORECASE)
BASE64 = re.compile(r"[A-Za-z0-9+/_=-]*+\Z")
# How the images that models take and make begin: PNG, JPEG, GIF, WebP.
IMAGE_STARTS = ("iVBORw0KGgo", "/9j/", "R0lGOD", "UklGR")


def is_opaque(text: str) -> bool:
    """A data URL, or a text of such length that without a space can only be a file."""
    if text.startswith("data:") and DATA_URL.match(text):
        return BASE64.match(text, text.index(",") + 1) is not None
    return len(text) >= SHORTEST and " " not in text[:SHORTEST] and _is_base64(text)


def replaced(redactor: Redactor, text: str) -> str:
    if IMAGE not in redactor.kinds:
        return text
    content = text[text.index(",") + 1 :] if text.startswith("data:") else text
    is_image = text.startswith("data:image/") or content.startswith(IMAGE_STARTS)
    return redactor.label(IMAGE, text) if is_image else text


def _is_base64(text: str) -> bool:
    """Keys and tokens have the same characters, and more of them than words have."""
    return (
        BASE64.match(text) is not None
        and text.count("-") + text.count("_") < len(text) // 16
        and "sk-" not in text
    )
