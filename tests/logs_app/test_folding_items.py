import pytest

from logs_app.folding.items import Item


def item(base, *events):
    built = Item(base)
    for kind, data in events:
        built.add(f"response.{kind}", data)
    return built.settled()


def test_text_grows_and_done_replaces_it():
    grown = ("output_text.delta", {"content_index": 0, "delta": "Hel"})
    assert item({}, grown, ("output_text.delta", {"content_index": 0, "delta": "lo"}))["content"] == [
        {"type": "output_text", "text": "Hello"}
    ]
    assert item({}, grown, ("output_text.done", {"content_index": 0, "text": "Bye"}))["content"] == [
        {"type": "output_text", "text": "Bye"}
    ]


def test_a_text_grows_on_from_the_part_that_was_added():
    events = [
        (
            "content_part.added",
            {"content_index": 0, "part": {"type": "output_text", "text": "a", "annotations": []}},
        ),
        ("output_text.delta", {"content_index": 0, "delta": "b"}),
    ]
    assert item({"type": "message"}, *events)["content"] == [
        {"type": "output_text", "text": "ab", "annotations": []}
    ]


def test_a_finished_part_replaces_what_was_collected():
    part = {"type": "output_text", "text": "whole"}
    events = [
        ("output_text.delta", {"content_index": 0, "delta": "x"}),
        ("content_part.done", {"content_index": 0, "part": part}),
    ]
    assert item({}, *events)["content"] == [part]


def test_refusals_and_reasoning_grow():
    assert item({}, ("refusal.delta", {"content_index": 0, "delta": "No"}))["content"] == [
        {"type": "refusal", "refusal": "No"}
    ]
    assert item({}, ("reasoning_text.delta", {"content_index": 0, "delta": "Hm"})) == {
        "type": "reasoning",
        "content": [{"type": "reasoning_text", "text": "Hm"}],
    }


def test_summaries_grow_by_their_own_index():
    events = [
        ("reasoning_summary_part.added", {"summary_index": 0, "part": {"type": "summary_text", "text": ""}}),
        ("reasoning_summary_text.delta", {"summary_index": 0, "delta": "a"}),
        ("reasoning_summary_text.delta", {"summary_index": 1, "delta": "b"}),
        ("reasoning_summary_text.delta", {"summary_index": 0, "delta": "c"}),
    ]
    assert item({"type": "reasoning", "summary": []}, *events) == {
        "type": "reasoning",
        "summary": [{"type": "summary_text", "text": "ac"}, {"type": "summary_text", "text": "b"}],
    }


@pytest.mark.parametrize(
    ("name", "field", "item_type"),
    [
        ("function_call_arguments", "arguments", "function_call"),
        ("mcp_call_arguments", "arguments", "mcp_call"),
        ("custom_tool_call_input", "input", "custom_tool_call"),
        ("code_interpreter_call_code", "code", "code_interpreter_call"),
    ],
)
def test_what_a_call_is_given_grows_and_done_replaces_it(name, field, item_type):
    deltas = [(f"{name}.delta", {"delta": "a"}), (f"{name}.delta", {"delta": "b"})]
    assert item({}, *deltas) == {"type": item_type, field: "ab"}
    assert item({"type": "x", field: ""}, *deltas, (f"{name}.done", {field: "abc"})) == {
        "type": "x",
        field: "abc",
    }


def test_annotations_are_appended():
    events = [
        ("output_text.annotation.added", {"content_index": 0, "annotation": {"n": 1}}),
        ("output_text.annotation.added", {"content_index": 0, "annotation": {"n": 2}}),
    ]
    assert item({}, *events)["content"][0]["annotations"] == [{"n": 1}, {"n": 2}]


def test_log_probabilities_of_deltas_are_appended():
    events = [
        ("output_text.delta", {"content_index": 0, "delta": "a", "logprobs": [1]}),
        ("output_text.delta", {"content_index": 0, "delta": "b", "logprobs": [2]}),
    ]
    assert item({}, *events)["content"] == [{"type": "output_text", "text": "ab", "logprobs": [1, 2]}]


def test_an_index_of_a_billion_costs_nothing():
    assert len(item({}, ("output_text.delta", {"content_index": 10**9, "delta": "a"}))["content"]) == 1


def test_events_without_the_fields_they_need_are_harmless():
    events = [
        ("output_text.delta", {"delta": "a"}),
        ("output_text.delta", {"content_index": 0, "delta": None}),
        ("content_part.added", {"content_index": 0, "part": None}),
        ("output_text.done", {"content_index": 0}),
        ("something.new", {"content_index": 0}),
    ]
    assert item({"id": "x"}, *events)["id"] == "x"
