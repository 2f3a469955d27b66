from tests.logs_app.folds import COMPLETIONS, DONE, fold, sse


def chunk(text="", index=0, **more):
    choice = {
        "text": text,
        "index": index,
        "finish_reason": more.pop("finish_reason", None),
        **more.pop("choice", {}),
    }
    return {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 5,
        "model": "m",
        "choices": [choice],
        **more,
    }


def completion(*events):
    return fold(COMPLETIONS, sse(*events))


def test_text_grows():
    folded = completion(chunk("Once"), chunk(" upon"), chunk("", finish_reason="length"), DONE)
    assert folded.kind == "completion"
    assert folded.body == {
        "id": "cmpl-1",
        "object": "text_completion",
        "created": 5,
        "model": "m",
        "choices": [{"text": "Once upon", "index": 0, "logprobs": None, "finish_reason": "length"}],
        "usage": None,
    }


def test_choices_interleave():
    folded = completion(chunk("b", 1), chunk("a", 0), chunk("d", 1), chunk("c", 0))
    assert [choice["text"] for choice in folded.body["choices"]] == ["ac", "bd"]


def test_lists_of_log_probabilities_are_appended_without_shifting_offsets():
    def of(token, offset):
        return chunk(
            token, choice={"logprobs": {"tokens": [token], "top_logprobs": None, "text_offset": [offset]}}
        )

    logprobs = completion(of("a", 16), of("b", 17)).body["choices"][0]["logprobs"]
    assert logprobs == {"tokens": ["a", "b"], "top_logprobs": None, "text_offset": [16, 17]}


def test_usage_comes_in_a_chunk_without_choices():
    usage = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    assert completion(chunk("a"), chunk(usage=usage, choices=[]), DONE).usage == usage


def test_bare_pieces_of_text_are_the_first_choice():
    """As Writer streams them, without [DONE]."""
    folded = completion({"value": "Sure"}, {"value": "!"})
    assert folded.body["choices"][0]["text"] == "Sure!"
    assert not folded.done
    assert folded.error is None
