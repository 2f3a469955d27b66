from __future__ import annotations

from proxy.cache.sealing import Seal


def test_it_opens_in_its_place_only() -> None:
    seal = Seal(["new", "old"])
    sealed = seal.close(b"answer", b"place")
    assert b"answer" not in sealed
    assert seal.open(sealed, b"place") == b"answer"
    assert seal.open(sealed, b"elsewhere") is None
    assert seal.open(sealed[:-1], b"place") is None and seal.open(b"", b"place") is None


def test_an_older_key_opens_and_a_foreign_one_does_not() -> None:
    sealed = Seal(["old"]).close(b"answer", b"place")
    assert Seal(["new", "old"]).open(sealed, b"place") == b"answer"
    assert Seal(["new"]).open(sealed, b"place") is None
