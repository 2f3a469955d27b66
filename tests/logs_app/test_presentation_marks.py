from __future__ import annotations

import pytest

from logs_app.presentation.marks import marked


def test_text_is_escaped():
    assert marked('<b onclick="x">&') == "&lt;b onclick=&quot;x&quot;&gt;&amp;"


def test_what_was_redacted_is_marked():
    assert marked("to [EMAIL_1]") == 'to <span class="redacted">[EMAIL_1]</span>'
    assert marked("[Email_1] [EMAIL]") == "[Email_1] [EMAIL]"


@pytest.mark.parametrize("character", ["\u202e", "\u2066", "\u200b", "\U000e0041", "\x00", "\x1b", "\ufeff"])
def test_what_hides_is_seen(character):
    assert marked(f"a{character}b") == f'a<span class="hidden-character">U+{ord(character):04X}</span>b'


def test_lines_tabs_and_joined_letters_are_left_alone():
    text = "a\tb\nc\r\n\u0928\u093f\u0915\u200d\u0937"
    assert marked(text) == text
