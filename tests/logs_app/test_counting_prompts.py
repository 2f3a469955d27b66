import pytest

from logs_app.counting import prompts
from logs_app.counting.meter import Meter, count_text


def cost(model="gpt-4o", **request):
    meter = Meter(model)
    prompts.read_chat(meter, request, model)
    return meter.tokens


def words(*texts):
    return sum(count_text(text, "gpt-4o") for text in texts)


def test_each_message_costs_three_and_the_reply_three():
    system, user = {"role": "system", "content": "Be brief"}, {"role": "user", "content": "Hi there"}
    assert cost(messages=[system, user]) == 3 + 3 + 3 + words("system", "Be brief", "user", "Hi there")


def test_the_oldest_chat_model_costs_four_a_message_and_saves_one_on_a_name():
    message = {"role": "user", "content": "Hi", "name": "Al"}
    old, new = cost(model="gpt-3.5-turbo-0301", messages=[message]), cost("gpt-4", messages=[message])
    assert old == new + 1 - 2


def test_ids_and_types_are_not_read():
    bare = {"role": "tool", "content": "7"}
    assert cost(messages=[{**bare, "tool_call_id": "call_abcdefgh"}]) == cost(messages=[bare])


def test_items_of_the_responses_api_are_read():
    call = {"type": "function_call", "id": "fc", "call_id": "c", "name": "f", "arguments": '{"a":1}'}
    output = {"type": "function_call_output", "call_id": "c", "output": "seven"}
    secret = {"type": "reasoning", "encrypted_content": "gAAAA" * 100, "summary": [{"text": "Hmm"}]}
    assert cost(input=[call, output, secret]) == 3 * 3 + 3 + words("f", '{"a":1}', "seven", "Hmm")


def test_pictures_made_earlier_are_not_read_as_text():
    assert cost(input=[{"type": "image_generation_call", "result": "A" * 100_000}]) == 6


def test_the_result_of_a_tool_is_read_whether_text_or_parts():
    def result(content):
        return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t", "content": content}]}

    assert cost(messages=[result("seven")]) == cost(messages=[result([{"type": "text", "text": "seven"}])])


def test_no_conversation_costs_nothing():
    assert cost() == 0
    assert cost(messages=[]) == 0


@pytest.mark.parametrize(
    ("model", "expected"), [("o1", True), ("openai/gpt-5.2", True), ("gpt-4o", False), (None, False)]
)
def test_reasoning_models_are_known_by_name(model, expected):
    assert prompts.is_reasoning(model) is expected
