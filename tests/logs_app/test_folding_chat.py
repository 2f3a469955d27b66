from tests.logs_app.folds import CHAT, DONE, chat, chunk, fold, message, sse


def test_text_grows_and_the_object_is_that_of_a_plain_answer():
    folded = chat(
        chunk({"role": "assistant", "content": "", "refusal": None}, service_tier="default"),
        chunk({"content": "Hé"}),
        chunk({"content": "llo"}),
        chunk({}, finish_reason="stop"),
        DONE,
    )
    assert folded.body == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "gpt-4o",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Héllo", "refusal": None},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": None,
        "service_tier": "default",
    }
    assert (folded.kind, folded.done, folded.chunks) == ("chat", True, 4)
    assert (folded.model, folded.finish_reason, folded.service_tier) == ("gpt-4o", "stop", "default")


def test_refusal_grows():
    assert message({"refusal": "I can"}, {"refusal": "not."})["refusal"] == "I cannot."


def test_a_role_in_every_chunk_is_one_role():
    assert message({"role": "assistant", "content": "a"}, {"role": "assistant", "content": "b"}) == {
        "role": "assistant",
        "content": "ab",
    }


def test_a_missing_role_is_the_assistants():
    assert message({"content": "a"})["role"] == "assistant"


def test_content_is_null_unless_a_chunk_had_a_string():
    assert message({"role": "assistant"})["content"] is None
    assert message({"content": None})["content"] is None
    assert message({"content": ""})["content"] == ""


def test_null_after_text_does_not_erase_it():
    assert message({"content": "a"}, {"content": None})["content"] == "a"


def test_reasoning_keeps_the_name_it_came_under():
    assert (
        message({"reasoning_content": "Let"}, {"reasoning_content": " me"})["reasoning_content"] == "Let me"
    )
    assert message({"reasoning": "Hm"}, {"reasoning": "m"})["reasoning"] == "Hmm"


def test_a_channel_is_not_continued():
    said = message({"reasoning": "a", "channel": "analysis"}, {"reasoning": "b", "channel": "analysis"})
    assert said["channel"] == "analysis"
    assert said["reasoning"] == "ab"


def test_unknown_strings_grow_and_unknown_numbers_do_not():
    said = message({"aside": "a", "token_id": 5}, {"aside": "b", "token_id": 6})
    assert (said["aside"], said["token_id"]) == ("ab", 6)


def test_tool_calls_are_absent_when_there_were_none():
    assert "tool_calls" not in message({"content": "a", "tool_calls": None})
    assert "tool_calls" not in message({"content": "a", "tool_calls": []})


def test_tool_calls_are_put_together():
    said = message(
        {
            "tool_calls": [
                {"index": 1, "id": "c", "type": "function", "function": {"name": "f", "arguments": ""}}
            ]
        },
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
    )
    assert said["content"] is None
    assert said["tool_calls"] == [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}
    ]


def test_the_older_function_call_is_put_together():
    said = message(
        {"function_call": {"name": "f", "arguments": ""}}, {"function_call": {"arguments": '{"a"'}}
    )
    assert said["function_call"] == {"name": "f", "arguments": '{"a"'}


def test_audio_is_put_together():
    said = message(
        {"audio": {"id": "audio_1", "transcript": "He"}},
        {"audio": {"data": "AAAA", "transcript": "llo"}},
        {"audio": {"data": "BBB=", "expires_at": 1700000000}},
    )
    assert said["audio"] == {
        "id": "audio_1",
        "transcript": "Hello",
        "data": "AAAABBB=",
        "expires_at": 1700000000,
    }


def test_annotations_are_appended_and_indexed_details_merged():
    said = message(
        {"annotations": [{"type": "url_citation"}], "reasoning_details": [{"index": 0, "text": "a"}]},
        {"annotations": [{"type": "url_citation"}], "reasoning_details": [{"index": 0, "text": "b"}]},
        {"reasoning_details": []},
    )
    assert said["annotations"] == [{"type": "url_citation"}] * 2
    assert said["reasoning_details"] == [{"index": 0, "text": "ab"}]


def test_content_as_a_list_of_parts_and_then_as_text():
    """As Mistral's reasoning models send it."""
    thought = {"type": "thinking", "thinking": [{"type": "text", "text": "2+2"}]}
    assert message({"content": [thought]}, {"content": "4"}, {"content": "."})["content"] == [
        thought,
        {"type": "text", "text": "4."},
    ]


def test_a_choice_without_delta_is_an_empty_one():
    folded = chat({**chunk(), "choices": [{"index": 0, "content_filter_results": {"hate": 1}}]}, chunk(None))
    assert folded.body["choices"][0]["content_filter_results"] == {"hate": 1}
    assert folded.parse_errors == 0


def test_a_message_in_the_place_of_a_delta_counts():
    folded = chat({**chunk(), "choices": [{"index": 0, "message": {"role": "assistant", "content": "a"}}]})
    assert folded.body["choices"][0]["message"]["content"] == "a"


def test_log_probabilities_are_appended():
    def of(token):
        return {
            **chunk(),
            "choices": [{"index": 0, "delta": {}, "logprobs": {"content": [token], "refusal": None}}],
        }

    folded = chat(of("a"), of("b"), chunk({}, finish_reason="stop"))
    assert folded.body["choices"][0]["logprobs"] == {"content": ["a", "b"], "refusal": None}


def test_vllm_token_ids_are_appended_and_its_stop_reason_kept():
    def of(**more):
        return {**chunk(), "choices": [{"index": 0, "delta": {}, **more}]}

    folded = chat(
        of(token_ids=[1]), of(token_ids=[2], stop_reason="</s>"), of(token_ids=None, stop_reason=None)
    )
    choice = folded.body["choices"][0]
    assert (choice["token_ids"], choice["stop_reason"]) == ([1, 2], "</s>")


def test_a_finish_reason_is_not_erased_and_may_never_come():
    assert chat(chunk({}, finish_reason="length"), chunk({})).finish_reason == "length"
    folded = chat(chunk({"content": "a"}), DONE)
    assert folded.finish_reason is None
    assert folded.done


def test_an_emoji_cut_into_two_escapes_is_whole():
    halves = (
        b'data: {"choices":[{"delta":{"content":"\\ud83d"}}]}\n\n',
        sse(chunk({"content": "x"})).replace(b'"x"', b'"\\ude00"'),
    )
    assert fold(CHAT, *halves).body["choices"][0]["message"]["content"] == "😀"


def test_structures_of_impossible_shape_are_harmless():
    said = message(
        {"content": 7, "tool_calls": {"a": 1}, "function_call": "x", "audio": []},
        {"content": "a"},
        {"content": 8},
        [],
        "delta",
    )
    assert said["content"] == "a"
