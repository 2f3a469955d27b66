"""How values look on a page of the admin."""

from __future__ import annotations

import json
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

SHOWN_CHARACTERS = 200_000
EMPTY = "–"


def duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return EMPTY
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"


def pre(value: Any) -> SafeString | str:
    """Text as it is, anything else as indented JSON; escaped, and cut where a browser would choke."""
    if not value:
        return EMPTY
    text = value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
    rest = len(text) - SHOWN_CHARACTERS
    if rest > 0:
        text = f"{text[:SHOWN_CHARACTERS]}\n… {rest:,} more characters: see /manage/logs"
    return format_html('<pre class="record-text">{}</pre>', text)


def table(head: tuple[Any, ...], rows: Any) -> SafeString | str:
    rows = list(rows)
    if not rows:
        return EMPTY
    names = format_html_join("", "<th>{}</th>", ((name,) for name in head))
    cells = (format_html_join("", "<td>{}</td>", ((cell,) for cell in row)) for row in rows)
    body = format_html_join("", "<tr>{}</tr>", ((row,) for row in cells))
    return format_html(
        '<table class="record-table"><thead><tr>{}</tr></thead><tbody>{}</tbody></table>', names, body
    )
