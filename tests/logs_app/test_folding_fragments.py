from logs_app.folding import fragments
from logs_app.folding.fragments import Fragments


def merged(*parts, scalars=()):
    target = {}
    for part in parts:
        fragments.merge(target, part, scalars)
    return fragments.settle(target)


def test_strings_grow():
    assert merged({"text": "a"}, {"text": ""}, {"text": "b"}) == {"text": "ab"}


def test_null_neither_overwrites_nor_becomes_text():
    assert merged({"text": None}, {"text": "a"}, {"text": None}) == {"text": "a"}
    assert merged({"text": None}) == {"text": None}


def test_the_last_non_empty_scalar_wins():
    assert merged({"id": ""}, {"id": "a"}, {"id": ""}, scalars={"id"}) == {"id": "a"}


def test_of_other_values_the_last_non_null_wins():
    assert merged({"n": 1}, {"n": 2}, {"n": None}) == {"n": 2}


def test_a_string_that_was_there_before_is_continued():
    target = {"text": "a"}
    fragments.append(target, "text", "b")
    assert fragments.settle(target) == {"text": "ab"}


def test_a_character_cut_into_surrogates_is_one_again():
    assert fragments.join(["\ud83d", "\ude00!"]) == "😀!"


def test_a_lone_surrogate_stays():
    assert fragments.join(["é\ud83d", "x"]) == "é\ud83dx"


def test_fragments_are_told_from_lists_of_the_provider():
    assert merged({"list": ["a", "b"]}) == {"list": ["a", "b"]}
    assert fragments.settle({"text": Fragments(["a", "b"])}) == {"text": "ab"}
