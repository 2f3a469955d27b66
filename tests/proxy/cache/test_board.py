from __future__ import annotations

from pathlib import Path

from proxy.cache import board
from proxy.cache.board import FOLDER, Board
from proxy.cache.store import Counters


def test_each_process_tells_for_itself_and_the_dead_tell_nothing(tmp_path: Path) -> None:
    one, other = Board(tmp_path), Board(tmp_path)
    counters = Counters(hits=3, bytes=10**9)
    one.note(7, 2)
    one.tell(counters)
    counters.bytes = 1
    one.tell(counters)
    other.tell(Counters(hits=1))
    told = sorted(board.read_all(tmp_path), key=lambda each: each["counters"]["hits"])
    assert [each["counters"]["hits"] for each in told] == [1, 3]
    assert told[1]["purges"] == {"7": 2} and told[1]["followed"] == 7 and told[1]["counters"]["bytes"] == 1
    other.close()
    (tmp_path / FOLDER / "dead.json").write_text('{"followed": 1}')
    assert len(board.read_all(tmp_path)) == 1
    assert len(list((tmp_path / FOLDER).iterdir())) == 1
    one.close()


def test_one_that_has_not_told_yet_has_followed_nothing(tmp_path: Path) -> None:
    silent = Board(tmp_path)
    assert board.read_all(tmp_path) == [{"counters": {}, "followed": 0, "purges": {}}]
    silent.close()


def test_without_a_folder_nobody_suffers(tmp_path: Path) -> None:
    (tmp_path / FOLDER).write_text("in the way")
    lonely = Board(tmp_path)
    lonely.tell(Counters())
    lonely.close()
    assert board.read_all(tmp_path) == []
