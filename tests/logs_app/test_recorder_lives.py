from __future__ import annotations

from pathlib import Path

import pytest

from logs_app.journal import segments
from logs_app.recorder.exchanges import Memory
from logs_app.recorder.lives import Life, Segment
from tests.logs_app.journals import masters, new_journal, segment_files, write_exchange


def no_records(ids) -> set[bytes]:
    return set()


@pytest.fixture
def meet(journal_dir: Path):
    """The life whose segments lie in the directory, as a recorder that starts now sees it."""
    lives = []

    def meet(cursors=None, recorded=no_records) -> Life:
        names = {name: segments.parse_name(name) for name in segment_files(journal_dir)}
        life = Life(next(iter(names.values())).life, journal_dir, Memory())
        for file_name, name in names.items():
            life.add(Segment(journal_dir / file_name, name, masters()))
        life.resume(cursors or {}, recorded)
        lives.append(life)
        return life

    yield meet
    for life in lives:
        life.close()


def ids(life: Life) -> list[bytes]:
    return [exchange.id for exchange in life.finished()]


def cursors(life: Life) -> dict[str, tuple[int, int]]:
    return {move.path.name: move.new for move in life.moves()}


def test_exchanges_are_handed_out_as_they_end(journal, meet):
    written = [write_exchange(journal) for _ in range(3)]
    life = meet()
    assert ids(life) == written
    assert ids(life) == []
    written.append(write_exchange(journal))
    assert ids(life) == written[3:]


def test_what_lies_before_the_cursor_is_not_handed_out_again(journal, meet):
    write_exchange(journal)
    first = meet()
    list(first.finished())
    later = write_exchange(journal)
    assert ids(meet(cursors(first))) == [later]


def test_an_exchange_that_began_before_the_cursor_is_collected_whole(journal, meet):
    id = write_exchange(journal, b"one", is_closed=False)
    write_exchange(journal)
    first = meet()
    list(first.finished())
    journal.part(id, 9, b"two")
    journal.closed(id, 10, {})
    (exchange,) = meet(cursors(first)).finished()
    assert [payload for kind, _, payload in exchange.pieces() if kind == segments.PART] == [b"one", b"two"]


def test_a_cursor_moves_only_in_segments_that_were_begun(journal_dir, meet):
    """Everything before a segment with a cursor counts as recorded, so none may have one too early."""
    journal = new_journal(journal_dir, rotate_bytes=1000)
    for _ in range(4):
        write_exchange(journal)
    life = meet()
    next(life.finished())
    moved = [move.path.name for move in life.moves()]
    assert 0 < len(moved) < len(segment_files(journal_dir))
    assert moved == segment_files(journal_dir)[: len(moved)]
    journal.close()


def test_segments_before_one_with_a_cursor_are_recorded_to_their_end(journal_dir, meet):
    journal = new_journal(journal_dir, rotate_bytes=2000)
    for _ in range(6):
        write_exchange(journal)
    life = meet()
    list(life.finished())
    last = max(cursors(life).items())
    assert ids(meet(dict([last]))) == []
    journal.close()


def test_a_living_writer_keeps_its_open_exchanges(journal, meet):
    write_exchange(journal, is_closed=False)
    life = meet()
    assert ids(life) == []
    assert not life.is_over
    assert len(life.open) == 1


def test_a_dead_writers_open_exchanges_are_handed_out_at_last(journal_dir, meet):
    journal = new_journal(journal_dir)
    closed, left_open = write_exchange(journal), write_exchange(journal, is_closed=False)
    journal.close()
    life = meet()
    assert ids(life) == [closed, left_open]
    assert life.is_over


def test_the_last_word_of_a_life_moves_its_cursor_beyond_the_end(journal_dir, meet):
    """So that of two recorders only one can speak it."""
    journal = new_journal(journal_dir)
    write_exchange(journal, is_closed=False)
    journal.close()
    life = meet()
    list(life.finished())
    ((position, closed_batches),) = cursors(life).values()
    assert position == life.newest.size
    assert closed_batches == 1


def test_what_a_dead_recorder_had_recorded_of_a_last_word_is_not_repeated(journal_dir, meet):
    journal = new_journal(journal_dir)
    one, two = (write_exchange(journal, is_closed=False) for _ in range(2))
    journal.close()
    first = meet()
    list(first.finished())
    assert ids(meet(cursors(first), recorded=lambda open_ids: {one} & set(open_ids))) == [two]


def test_a_segment_is_disposable_when_its_exchanges_are_settled(journal_dir, meet):
    journal = new_journal(journal_dir, rotate_bytes=1500)
    write_exchange(journal)
    write_exchange(journal)
    life = meet()
    finished = list(life.finished())
    assert life.disposable() == []
    for exchange in finished:
        life.settle(exchange)
    assert [s.name for s in life.disposable()] == segment_files(journal_dir)[:-1]
    journal.close()


def test_the_newest_segment_of_a_living_writer_is_never_disposable(journal, meet):
    life = meet()
    list(life.finished())
    assert life.disposable() == []


def test_the_newest_segment_of_a_dead_life_goes_last(journal_dir, meet):
    new_journal(journal_dir, rotate_bytes=1).close()
    life = meet()
    list(life.finished())
    assert life.disposable()[-1] is life.newest


def test_a_writer_that_rotates_is_not_taken_for_dead(journal_dir, meet):
    """The recorder has not seen the next segment yet when the last one's lock is gone."""
    journal = new_journal(journal_dir, rotate_bytes=1, fsync_ms=10)
    write_exchange(journal, is_closed=False)
    life = meet()
    list(life.finished())
    seen = life.newest
    write_exchange(journal, is_closed=False)
    while seen.is_locked:
        pass
    assert ids(life) == []
    assert not life.is_over
    journal.close()


def test_unread_bytes_are_what_is_left_to_do(journal, meet):
    write_exchange(journal)
    life = meet()
    assert life.unread_bytes > 500
    list(life.finished())
    assert life.unread_bytes == 0
