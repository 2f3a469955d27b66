from tests.logs_app.folds import DONE, MESSAGES, fold, sse

START = {
    "type": "message_start",
    "message": {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5",
        "content": [],
        "stop_reason": None,
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 5,
            "output_tokens": 1,
            "service_tier": "standard",
        },
    },
}
STOP = {"type": "message_stop"}


def start(index, **block):
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index, kind, **more):
    return {"type": "content_block_delta", "index": index, "delta": {"type": f"{kind}_delta", **more}}


def message(*events):
    return fold(MESSAGES, sse(*events))


def blocks(*events):
    return message(START, *events).body["content"]


def test_a_whole_message():
    folded = message(
        START,
        {"type": "ping"},
        start(0, type="text", text=""),
        delta(0, "text", text="Hel"),
        delta(0, "text", text="lo"),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": 7, "input_tokens": None},
            "context_management": {"applied_edits": []},
        },
        STOP,
    )
    assert folded.body == {
        **START["message"],
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "context_management": {"applied_edits": []},
        "usage": {
            "input_tokens": 10,
            "cache_read_input_tokens": 5,
            "output_tokens": 7,
            "service_tier": "standard",
        },
    }
    assert (folded.kind, folded.done, folded.finish_reason) == ("message", True, "end_turn")
    assert (folded.model, folded.service_tier) == ("claude-sonnet-5", "standard")


def test_the_first_message_start_wins():
    other = {"type": "message_start", "message": {"id": "msg_2"}}
    assert message(START, other, STOP).body["id"] == "msg_1"


def test_thinking_grows_and_its_signature_is_replaced():
    assert blocks(
        start(0, type="thinking", thinking="", signature=""),
        delta(0, "thinking", thinking="Let"),
        delta(0, "thinking", thinking=" me"),
        delta(0, "signature", signature="a"),
        delta(0, "signature", signature="b"),
    ) == [{"type": "thinking", "thinking": "Let me", "signature": "b"}]


def test_citations_are_appended():
    assert blocks(
        start(0, type="text", text="", citations=None),
        delta(0, "citations", citation={"n": 1}),
        delta(0, "citations", citation={"n": 2}),
    ) == [{"type": "text", "text": "", "citations": [{"n": 1}, {"n": 2}]}]


def test_the_input_of_a_tool_is_parsed_when_it_is_whole():
    events = [
        start(0, type="tool_use", id="t", name="f", input={}),
        delta(0, "input_json", partial_json=""),
        delta(0, "input_json", partial_json='{"city": "Pa'),
    ]
    assert blocks(*events, delta(0, "input_json", partial_json='ris"}')) == [
        {"type": "tool_use", "id": "t", "name": "f", "input": {"city": "Paris"}}
    ]
    assert blocks(*events) == [
        {"type": "tool_use", "id": "t", "name": "f", "input": {}, "input_raw": '{"city": "Pa'}
    ]


def test_an_empty_input_leaves_that_of_the_start():
    events = [start(0, type="tool_use", input={}), delta(0, "input_json", partial_json="")]
    assert blocks(*events) == [{"type": "tool_use", "input": {}}]


def test_unknown_deltas_grow_their_strings_and_keep_their_other_values():
    assert blocks(
        start(0, type="compaction", content=None),
        delta(0, "compaction", content="so ", n=1),
        delta(0, "compaction", content="far", n=2),
    ) == [{"type": "compaction", "content": "so far", "n": 2}]


def test_blocks_are_ordered_by_index_and_need_no_start():
    assert blocks(delta(1, "text", text="b"), delta(0, "thinking", thinking="a")) == [
        {"type": "thinking", "thinking": "a"},
        {"type": "text", "text": "b"},
    ]


def test_usage_is_known_when_the_message_has_stopped():
    end = {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 7}}
    assert message(START, delta(0, "text", text="a")).usage is None
    assert message(START, end).usage["output_tokens"] == 7


def test_an_error_event():
    error = {"type": "overloaded_error", "message": "Overloaded"}
    folded = message(START, start(0, type="text", text=""), {"type": "error", "error": error})
    assert folded.error == error
    assert not folded.done


def test_done_of_another_protocol_does_not_finish_a_message():
    assert not message(START, DONE).done


def test_a_stream_cut_before_its_start_is_still_a_message():
    folded = message(delta(0, "text", text="a"))
    assert folded.body == {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "a"}]}


def test_text_thinking_and_tools_speak_and_a_signature_does_not():
    def speaks(*events):
        return message(START, *events).saw_token

    assert speaks(delta(0, "text", text="a"))
    assert speaks(delta(0, "thinking", thinking="a"))
    assert speaks(start(0, type="tool_use", name="f"))
    assert not speaks(start(0, type="thinking"), delta(0, "signature", signature="a"))
