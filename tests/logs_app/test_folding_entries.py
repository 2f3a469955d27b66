from logs_app.folding.entries import Entries, Parts
from logs_app.folding.fragments import Fragments


def collect(entries, *lists):
    for added in lists:
        entries.add(added)
    return entries.settled()


def test_entries_without_index_are_appended():
    assert collect(Entries(), [{"url": "a"}], ["b", None], [{"url": "c"}]) == [
        {"url": "a"},
        "b",
        None,
        {"url": "c"},
    ]


def test_entries_with_an_index_are_merged():
    first = {"type": "reasoning.text", "text": "15", "index": 0, "format": None, "id": "r1"}
    second = {"type": "reasoning.text", "text": " * 27", "index": 0, "format": "v1", "signature": "s"}
    assert collect(Entries(), [first], [second, {"index": 1, "data": "x"}]) == [
        {
            "type": "reasoning.text",
            "text": "15 * 27",
            "index": 0,
            "format": "v1",
            "id": "r1",
            "signature": "s",
        },
        {"index": 1, "data": "x"},
    ]


def test_parts_of_one_kind_grow_together():
    def thought(text):
        return {"type": "thinking", "thinking": [{"type": "text", "text": text}]}

    assert collect(Parts(), [thought("Let")], [thought(" me")], [{"type": "text", "text": "4"}]) == [
        thought("Let me"),
        {"type": "text", "text": "4"},
    ]


def test_parts_of_other_kinds_are_kept_apart():
    image = {"type": "image_url", "image_url": "u"}
    assert collect(Parts(), [image], [image]) == [image, image]


def test_text_before_the_first_part_is_a_part():
    assert collect(Parts(text_before=Fragments(["a", "b"])), [{"type": "text", "text": "c"}]) == [
        {"type": "text", "text": "abc"}
    ]
