from __future__ import annotations

from logs_app.journal.journal import Journal
from logs_app.journal.overhearing import Overheard
from logs_app.journal.reader import SegmentReader
from tests.logs_app import journals
from tests.logs_app.journals import new_id


def test_what_is_heard_is_what_the_journal_has(journal: Journal, journal_dir) -> None:
    heard, id = Overheard(journal), new_id()
    heard.opened(id, {"path": "/v1/x"}, b"{}")
    heard.answered(id, 5, {"status": 200})
    heard.part(id, 7, b"x" * (3 << 20))
    heard.closed(id, 9, {"outcome": "completed"})
    (path,) = journal_dir.glob("*.seg")
    written = [
        (kind, offset_us, payload)
        for kind, _, offset_us, payload, _ in SegmentReader(path, journals.masters()).entries()
    ]
    assert heard.pieces == written
    assert len(written) == 6
