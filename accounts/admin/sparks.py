"""What was used day by day, as a picture that fits into a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

_BAR, _GAP, _HEIGHT = 5, 2, 18


def spark(values: Sequence[int], words: Any) -> SafeString:
    """A bar for each value, as high as it is beside the highest. As SVG: styles are forbidden."""
    highest = max(values, default=0)
    bars = format_html_join(
        "",
        '<rect class="{}" x="{}" y="{}" width="{}" height="{}"/>',
        (_bar(place, value, highest) for place, value in enumerate(values)),
    )
    width = len(values) * (_BAR + _GAP) - _GAP
    return format_html(
        '<svg class="spark" viewBox="0 0 {} {}" width="{}" height="{}" role="img" aria-label="{}">{}</svg>',
        width, _HEIGHT, width, _HEIGHT, words, bars,
    )  # fmt: skip


def _bar(place: int, value: int, highest: int) -> tuple[str, int, float, int, float]:
    height = max(round(value / highest * _HEIGHT, 1), 2) if value else 1
    return ("spark-bar" if value else "spark-none"), place * (_BAR + _GAP), _HEIGHT - height, _BAR, height
