from __future__ import annotations

import pytest

from accounts.errors import Invalid
from accounts.secrets import upstreamkeys


def test_a_key_is_taken_without_the_spaces_around_it():
    assert upstreamkeys.chosen(" sk-abc\n", "api_key") == "sk-abc"


def test_the_placeholder_of_documentation_is_no_key():
    assert upstreamkeys.chosen("sk-...", "api_key") == ""


@pytest.mark.parametrize(
    "key", ["sk-abc...xyz", "sk-a****", "sk-abcd…", "sk-ü", "sk a", "sk-\n-a", "x" * 4097]
)
def test_what_is_no_key_is_refused_by_the_field_it_came_in(key):
    with pytest.raises(Invalid) as refused:
        upstreamkeys.chosen(key, "openai_api_key")
    assert refused.value.field == "openai_api_key"


def test_a_preview_shows_at_most_a_third_and_is_never_taken_back():
    shown = upstreamkeys.preview("sk-0123456789")
    assert shown == "sk-0…" and upstreamkeys.refusal(shown)
    assert upstreamkeys.preview("") is None
