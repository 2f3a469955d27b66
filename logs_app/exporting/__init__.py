"""Records on their way out of the relay: any number of them as a stream of bytes, in flat memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext_noop as _

from logs_app.exporting import csvtable, openai, portions, wholerecords
from logs_app.exporting.portions import Portion
from logs_app.models import LogRecordQuerySet


@dataclass(frozen=True, slots=True)
class Format:
    """`write` gives the lines of one portion; a record that the format cannot hold gives none."""

    name: str
    help: str
    extension: str
    content_type: str
    write: Callable[[Portion], Iterator[bytes]]
    head: bytes = b""
    has_content: bool = True  # what was said, not only that something was


FORMATS = {
    each.name: each
    for each in (
        Format(
            "jsonl", _("everything, a JSON object a line"), "jsonl", "application/x-ndjson",
            wholerecords.lines,
        ),
        Format(
            "csv", _("metadata, a row a record"), "csv", "text/csv; charset=utf-8",
            csvtable.lines, csvtable.HEAD, has_content=False,
        ),
        Format(
            "openai-batch", _("the requests, as a file for OpenAI's batches"), "jsonl",
            "application/x-ndjson", openai.batch_lines,
        ),
        Format(
            "openai-finetune", _("the conversations, as a file for OpenAI's fine-tuning"), "jsonl",
            "application/x-ndjson", openai.finetune_lines,
        ),
    )
}  # fmt: skip


@dataclass(slots=True)
class Count:
    read: int = 0
    written: int = 0


def stream(records: LogRecordQuerySet, form: Format, count: Count | None = None) -> Iterator[bytes]:
    """The export in parts of at most some MB, oldest record first. `count` is kept up to date."""
    count = count or Count()
    if form.head:
        yield form.head
    for portion in portions.of(records, with_payloads=form.has_content):
        lines = list(form.write(portion))
        count.read += len(portion)
        count.written += len(lines)
        yield b"".join(lines)
