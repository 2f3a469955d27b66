from logs_app.counting import answers
from logs_app.counting.meter import Meter, count_text


def cost(kind, **body):
    meter = Meter("gpt-4o")
    answers.read(meter, kind, body)
    return meter.tokens


def chat(**message):
    return cost("chat", choices=[{"message": message}])


def words(*texts):
    return sum(count_text(text, "gpt-4o") for text in texts)


def test_everything_that_was_said_is_counted():
    assert chat(content="Hello", refusal="No way") == words("Hello", "No way")
    assert chat(audio={"transcript": "Hello", "data": "AAAA" * 999}) == words("Hello")
    assert chat(content=[{"type": "text", "text": "Hello"}]) == words("Hello")
    assert chat(function_call={"name": "f", "arguments": "{}"}) == words("f", "{}")


def test_a_thought_is_counted_once_whatever_its_name():
    assert chat(content="Hello", reasoning="Hmm", reasoning_content="Hmm") == words("Hello", "Hmm")
    assert chat(content="Hello", thinking="Hmm") == words("Hello", "Hmm")


def test_all_choices_are_counted():
    said = {"message": {"content": "Hello"}}
    assert cost("chat", choices=[said, said]) == 2 * words("Hello")


def test_a_call_costs_seven_and_parallel_calls_fourteen_each():
    call = {"function": {"name": "f", "arguments": "{}"}}
    assert chat(tool_calls=[call]) == words("f", "{}") + 7
    assert chat(tool_calls=[call, call]) == 2 * (words("f", "{}") + 14)


def test_items_of_a_response():
    output = [
        {"type": "reasoning", "summary": [{"text": "Hmm"}], "encrypted_content": "gAAAA" * 99},
        {"type": "message", "content": [{"type": "output_text", "text": "Hello"}]},
        {"type": "custom_tool_call", "name": "sql", "input": "SELECT 1"},
        {"type": "code_interpreter_call", "code": "1 + 1"},
        {"type": "image_generation_call", "result": "A" * 9999},
    ]
    assert cost("response", output=output) == words("Hmm", "Hello", "sql", "SELECT 1", "1 + 1")


def test_blocks_of_a_message():
    content = [
        {"type": "thinking", "thinking": "Hmm", "signature": "A" * 999},
        {"type": "text", "text": "Hello"},
        {"type": "tool_use", "name": "f", "input": {"a": 1}},
        {"type": "web_search_tool_result", "content": [{"title": "not written by the model"}]},
    ]
    assert cost("message", content=content) == words("Hmm", "Hello", "f", '{"a":1}')
