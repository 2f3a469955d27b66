from __future__ import annotations

from logs_app.sinks import portions


def test_documents_go_together_up_to_a_size_and_in_their_order() -> None:
    documents = [b"aaaa", b"bb", b"c" * 20, b"d", b"e"]
    assert list(portions.cut(documents, 8)) == [[b"aaaa", b"bb"], [b"c" * 20], [b"d", b"e"]]


def test_nothing_is_no_portion() -> None:
    assert list(portions.cut([])) == []
