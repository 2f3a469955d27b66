from __future__ import annotations

import hashlib

import pytest

from accounts.secrets import keys


def test_a_generated_secret_is_recognisable_and_long_enough() -> None:
    secret = keys.generate()
    assert secret.startswith("sk-")
    assert len(secret) - 3 >= 22  # 62 ** 22 > 2 ** 128
    assert keys.refusal(secret) is None
    assert keys.warning(secret) is None


def test_no_two_generated_secrets_are_alike() -> None:
    assert len({keys.generate() for _ in range(1000)}) == 1000


def test_the_digest_is_plain_sha256_so_that_hashes_can_be_imported() -> None:
    assert keys.digest("sk-abc") == hashlib.sha256(b"sk-abc").digest()


def test_the_bytes_of_a_header_have_the_digest_of_their_text() -> None:
    assert keys.digest("schlüssel".encode()) == keys.digest("schlüssel")


@pytest.mark.parametrize(
    ("secret", "shown"),
    [
        ("12345678", "12…"),
        ("a" * 30, "a" * 10 + "…"),
        ("a" * 36, "a" * 12 + "…"),
        ("a" * 256, "a" * 12 + "…"),
    ],
)
def test_a_shown_prefix_is_at_most_twelve_characters_and_a_third(secret: str, shown: str) -> None:
    assert keys.shown_prefix(secret) == shown


def test_the_beginning_of_a_masked_secret_is_what_stands_before_the_mask() -> None:
    for piece in ("sk-2g6…i7nD", "sk-2g6...", "sk-2g6***i7nD", "sk-2g6"):
        assert keys.beginning(piece) == "sk-2g6"
    assert keys.beginning("…i7nD") == "…i7nD"


def test_a_beginning_tells_what_may_be_shown_of_the_secret() -> None:
    secret = keys.generate()
    assert keys.shown_prefix(secret) in keys.prefixes(secret[:12])
    assert keys.prefixes(secret) == keys.prefixes(secret[:12])
    assert keys.prefixes("sk-ab") == ["sk-a…", "sk-ab…"]
    assert keys.prefixes("sk-") == []


@pytest.mark.parametrize("secret", ["12345678", "x" * 256, "with a space", "schlüssel-ü"])
def test_printable_secrets_of_eight_to_256_characters_are_accepted(secret: str) -> None:
    assert keys.refusal(secret) is None


@pytest.mark.parametrize(
    "secret", ["", "1234567", "x" * 257, "tab\tinside", "line\nend", " spaced ", "nul\0nul"]
)
def test_other_secrets_are_refused_in_words(secret: str) -> None:
    assert keys.refusal(secret).startswith("A key ")


def test_a_refusal_does_not_repeat_the_secret() -> None:
    assert "tab\tinside" not in keys.refusal("tab\tinside")


def test_a_short_secret_is_warned_about() -> None:
    assert keys.warning("x" * 23)
    assert keys.warning("x" * 24) is None


@pytest.mark.parametrize("piece", ["sk-2g6FSo4Xt", "Bearer sk-2g6FSo4Xt", "bearer  sk-2g6FSo4Xt"])
def test_the_scheme_of_a_copied_header_is_no_part_of_the_secret(piece: str) -> None:
    assert keys.bare(piece) == "sk-2g6FSo4Xt"
