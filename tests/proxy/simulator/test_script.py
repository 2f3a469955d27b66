import re
from pathlib import Path

import pytest

from proxy.simulator import script
from proxy.simulator.script import WORDS, BadScript, Script, Stall

DOCUMENT = Path(__file__).parents[3] / "docs" / "simulator.md"


def test_words_become_values() -> None:
    found = script.parse("chunks=5 delay=2.5 stall=3:0.5 reset=middle text=SGnDpA crlf=1")
    wanted = Script(chunks=5, delay=2.5, stall=Stall(3, 0.5), reset="middle", text="Hiä", crlf=True)
    assert found == wanted


@pytest.mark.parametrize("words", ["chunk=5", "chunks=many", "reset=sometimes", "encoding=br", "stall=3"])
def test_misspelled_script_is_an_error(words: str) -> None:
    with pytest.raises(BadScript):
        script.parse(words)


def test_last_marker_of_a_body_counts() -> None:
    body = b'{"messages": ["[[sim status=500]] first", "second [[sim chunks=2]]"]}'
    assert script.find(body) == "chunks=2"


@pytest.mark.parametrize(("body", "words"), [(b"nothing", None), (b"[[sim", None), (b"[[sim]]", "")])
def test_body_without_a_marker_has_no_script(body: bytes, words: str | None) -> None:
    assert script.find(body) == words


def test_marker_is_not_part_of_what_was_said() -> None:
    assert script.without_marker("Hello [[sim chunks=3]] world") == "Hello world"


@pytest.mark.parametrize("words", ["", "chunks=9", "status=429 retry_after=1", "close=1", "text=SGk"])
def test_scripts_without_trouble_on_the_way_are_plain(words: str) -> None:
    assert script.parse(words).is_plain


@pytest.mark.parametrize("words", ["delay=1", "ttft=1", "split=3", "size=9", "cut=0", "reset=before"])
def test_scripts_with_trouble_on_the_way_are_not_plain(words: str) -> None:
    assert not script.parse(words).is_plain


def test_every_word_is_documented() -> None:
    documented = set(re.findall(r"`(\w+)=", DOCUMENT.read_text()))
    assert set(WORDS) <= documented
