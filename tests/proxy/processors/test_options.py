from __future__ import annotations

import pytest

from proxy.processors.options import Invalid, Options, required


def test_a_name_that_nobody_reads_is_a_mistake() -> None:
    options = Options({"mode": "a", "mood": "b"})
    options.choice("mode", ("a",))
    with pytest.raises(Invalid, match="'mood'. It knows mode"):
        options.check_names()


def test_what_is_not_given_has_its_default() -> None:
    options = Options({})
    assert (options.text("a", "x"), options.flag("b"), options.seconds("c", 5)) == ("x", False, 5.0)
    assert (options.choice("d", ("y", "z")), options.choices("e", ("u", "v"), ("v",))) == ("y", ("v",))
    assert (options.members("f"), options.everything()) == ({}, {})
    options.check_names()


def test_some_texts_may_be_empty() -> None:
    assert Options({"a": ""}).text("a", may_be_empty=True) == ""
    with pytest.raises(Invalid):
        Options({"a": ""}).text("a")
    with pytest.raises(Invalid) as caught:
        required(" ", "a name")
    assert caught.value.field == "config_value"
