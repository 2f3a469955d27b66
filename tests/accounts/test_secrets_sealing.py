from __future__ import annotations

import pytest

from accounts.secrets.sealing import ADDED_BYTES, Seal

# As they have been lying in caches and journals since the first release.
STORED = [
    (
        b"llm-relay cache",
        b"place",
        "cd45beeea88db7ce696120130f07e9105341c3c2ed45189673c2e76f822434a9ca8ca740657343c090cc",
    ),
    (
        b"llm-relay journal",
        b"LRSEG\x00\x00\x01node",
        "adcc64631ee345a0b1028dd07f3f2ddd9ec7e083fffd70f5ac91c76662e163a94f3d9af82a344a250a0e",
    ),
]


def seal(*keys: str, purpose: bytes = b"a purpose") -> Seal:
    return Seal(keys, purpose)


def test_it_opens_in_its_place_only() -> None:
    both = seal("new", "old")
    sealed = both.close(b"answer", b"place")
    assert b"answer" not in sealed and len(sealed) == len(b"answer") + ADDED_BYTES
    assert both.open(sealed, b"place") == b"answer"
    assert both.open(sealed, b"elsewhere") is None
    assert both.open(sealed[:-1], b"place") is None and both.open(b"", b"place") is None


def test_an_older_key_opens_and_a_foreign_one_does_not() -> None:
    sealed = seal("old").close(b"answer", b"place")
    assert seal("new", "old").open(sealed, b"place") == b"answer"
    assert seal("new").open(sealed, b"place") is None


def test_another_purpose_opens_nothing() -> None:
    sealed = seal("key").close(b"answer", b"place")
    assert seal("key", purpose=b"another").open(sealed, b"place") is None


@pytest.mark.parametrize(("purpose", "place", "sealed"), STORED)
def test_what_was_stored_before_opens(purpose: bytes, place: bytes, sealed: str) -> None:
    assert seal("key", purpose=purpose).open(bytes.fromhex(sealed), place) == b"answer"


def test_keys_must_be_given() -> None:
    with pytest.raises(ValueError, match="at least one"):
        seal()
