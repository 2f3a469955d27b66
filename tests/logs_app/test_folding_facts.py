import pytest

from logs_app.folding import facts


@pytest.mark.parametrize(
    ("path", "body", "kind"),
    [
        ("/v1/chat/completions", {"object": "chat.completion", "choices": []}, "chat"),
        ("/v1/chat/completions", {"choices": []}, "chat"),
        ("/v1/chat/completions", {"object": "list", "data": []}, "json"),
        ("/v1/chat/completions/c/messages", {"object": "list", "data": []}, "json"),
        ("/v1/completions", {"choices": []}, "completion"),
        ("/v1/responses", {"object": "response", "output": []}, "response"),
        ("/v1/responses/r/input_items", {"object": "list", "data": []}, "json"),
        ("/v1/messages", {"type": "message", "content": [], "stop_reason": None}, "message"),
        ("/v1/messages/count_tokens", {"input_tokens": 7}, "json"),
        ("/v1/embeddings", {"object": "list", "data": []}, "embedding"),
        ("/v1/images/generations", {"created": 1, "data": []}, "image"),
        ("/v1/audio/transcriptions", {"text": "Hi"}, "audio"),
        ("/v1/moderations", {"id": "m", "results": []}, "moderation"),
        ("/v1/models", {"object": "list", "data": []}, "model"),
        ("/v1/models/a/b:c", {"object": "model", "id": "a/b:c"}, "model"),
        ("/v1/files", {"object": "file", "id": "f"}, "file"),
        ("/v1/batches", {"object": "batch", "id": "b"}, "batch"),
        ("/v1/conversations", {"object": "conversation"}, "json"),
        ("/api/generate", {"model": "llama3", "response": "Hi", "done": True}, "json"),
        ("/v1/chat/completions", {"error": {"message": "no"}}, "json"),
        ("/v1/chat/completions", [1], "json"),
    ],
)
def test_the_kind_of_an_answer(path, body, kind):
    assert facts.kind(body, path) == kind


def test_the_error_of_an_answer():
    assert facts.error({"error": {"message": "no"}}) == {"message": "no"}
    assert facts.error({"error": None, "choices": []}) is None
    vllm = {"object": "error", "message": "no"}
    assert facts.error(vllm) == vllm


def test_the_finish_reason_is_the_first_choices_the_stop_reason_or_the_status():
    choices = {"choices": [{"finish_reason": "length"}, {"finish_reason": "stop"}]}
    assert facts.finish_reason("chat", choices) == "length"
    assert facts.finish_reason("message", {"stop_reason": "tool_use"}) == "tool_use"
    assert facts.finish_reason("response", {"status": "completed", "incomplete_details": None}) == "completed"
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert facts.finish_reason("response", cut) == "max_output_tokens"


@pytest.mark.parametrize(
    "body", [None, [], {}, {"choices": None}, {"choices": [None]}, {"choices": [{"finish_reason": 7}]}]
)
def test_a_finish_reason_that_is_not_there_is_none(body):
    assert facts.finish_reason("chat", body) is None


def test_a_model_or_a_usage_of_the_wrong_type_is_none():
    assert facts.about("chat", {"model": 7, "usage": [], "service_tier": {}}) == {
        "model": None,
        "usage": None,
        "service_tier": None,
        "finish_reason": None,
    }


def test_the_service_tier_may_stand_in_the_usage():
    assert facts.service_tier({"usage": {"service_tier": "batch"}}) == "batch"
    assert facts.service_tier({"service_tier": "flex", "usage": {"service_tier": "batch"}}) == "flex"
