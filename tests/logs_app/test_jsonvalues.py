from __future__ import annotations

from logs_app.jsonvalues import items, mapping, mappings, text_of


def test_a_value_of_another_type_is_an_empty_one() -> None:
    assert (text_of("a"), mapping({"a": 1}), items([1])) == ("a", {"a": 1}, [1])
    assert (text_of(1), mapping([]), items({})) == ("", {}, [])


def test_of_a_list_only_its_objects() -> None:
    assert mappings([{"a": 1}, "b", None]) == [{"a": 1}]
    assert mappings("abc") == []
