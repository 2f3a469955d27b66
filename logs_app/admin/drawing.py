"""How values look on a page of the admin."""

from __future__ import annotations

import json
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from logs_app.pricing import money

SHOWN_CHARACTERS = 200_000
EMPTY = "–"


def duration(milliseconds: float | None) -> str:
    if milliseconds is None:
        return EMPTY
    return f"{milliseconds / 1000:.2f} s" if milliseconds >= 1000 else f"{milliseconds:.1f} ms"


def dollars(nanos: int | None, is_estimated: bool = False) -> str:
    """A column's worth of a price: cents as people read them, and of less the two digits that tell."""
    if nanos is None:
        return EMPTY
    amount = Decimal(nanos).scaleb(-money.PLACES)
    places = 2 if amount >= 1 or not nanos else min(money.PLACES, max(4, 1 - amount.adjusted()))
    return f"{'≈ ' if is_estimated else ''}${amount:,.{places}f}"


def stacked(first: Any, second: Any) -> SafeString:
    """Two values of one cell, the second below and quieter."""
    return format_html(
        '<span class="record-first">{}</span><span class="record-second">{}</span>', first, second
    )


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


def links(named: Iterable[tuple[str, str]]) -> SafeString | str:
    """Addresses and what they are called, one below the other."""
    return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a>', named) or EMPTY
