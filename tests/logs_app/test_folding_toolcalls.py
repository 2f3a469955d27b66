from logs_app.folding.toolcalls import Function, ToolCalls


def calls(*chunks: list) -> list[dict]:
    tools = ToolCalls()
    for entries in chunks:
        tools.add(entries)
    return tools.settled()


def entry(index=None, id=None, name=None, arguments=None, **more):
    given = {"index": index, "id": id, **more}
    function = {"name": name, "arguments": arguments}
    return {key: value for key, value in given.items() if value is not None} | {
        "function": {key: value for key, value in function.items() if value is not None}
    }


def call(id, name, arguments, **more):
    return {"id": id, "function": {"name": name, "arguments": arguments}, **more}


def test_fragments_of_one_index_are_one_call():
    assert calls(
        [entry(0, "a", "get", "", type="function")], [entry(0, arguments='{"x"')], [entry(0, arguments=":1}")]
    ) == [call("a", "get", '{"x":1}', type="function")]


def test_fragments_of_two_indexes_may_interleave():
    assert calls(
        [entry(0, "a", "f", "1"), entry(1, "b", "g", "2")],
        [entry(1, arguments="3")],
        [entry(0, arguments="4")],
    ) == [call("a", "f", "14"), call("b", "g", "23")]


def test_the_first_index_need_not_be_zero_and_order_is_that_of_appearance():
    assert calls([entry(3, "a", "f", "")], [entry(1, "b", "g", "")]) == [
        call("a", "f", ""),
        call("b", "g", ""),
    ]


def test_another_id_with_a_name_at_the_same_index_is_a_new_call():
    """As Ollama sends parallel calls."""
    assert calls([entry(0, "a", "f", "{}")], [entry(0, "b", "f", "{1}")], [entry(0, arguments="x")]) == [
        call("a", "f", "{}"),
        call("b", "f", "{1}x"),
    ]


def test_id_and_name_repeated_in_every_chunk_are_one_call():
    """As Novita sends through OpenRouter."""
    assert calls([entry(0, "0", "version", "")], [entry(0, "0", "version", "{}")]) == [
        call("0", "version", "{}")
    ]


def test_another_id_without_a_name_is_the_same_call():
    assert calls([entry(0, "a", "f", "1")], [entry(0, "b", arguments="2")]) == [call("b", "f", "12")]


def test_without_index_the_id_tells_calls_apart():
    assert calls(
        [entry(id="a", name="f", arguments="1")],
        [entry(id="b", name="g", arguments="2")],
        [entry(id="a", arguments="3")],
    ) == [call("a", "f", "13"), call("b", "g", "2")]


def test_without_index_and_id_a_name_starts_a_call_and_its_absence_continues_the_last():
    assert calls(
        [entry(name="f", arguments="1"), entry(name="g", arguments="2")], [entry(arguments="3")]
    ) == [
        {"function": {"name": "f", "arguments": "1"}},
        {"function": {"name": "g", "arguments": "23"}},
    ]


def test_an_empty_id_never_overwrites_and_never_tells_apart():
    assert calls([entry(0, "a", "f", "1")], [entry(0, "", "f", "2")]) == [call("a", "f", "12")]


def test_a_name_may_come_in_pieces():
    assert calls([entry(0, "a", "get_", "")], [entry(0, "a", "weather")]) == [call("a", "get_weather", "")]


def test_null_arguments_are_no_text():
    null = {"index": 0, "id": "a", "function": {"name": "f", "arguments": None}}
    assert calls([null]) == [call("a", "f", "")]
    assert calls([null], [entry(0, arguments="{}")]) == [call("a", "f", "{}")]


def test_arguments_that_are_an_object_stay_one():
    ollama = {"index": 0, "id": "a", "function": {"name": "f", "arguments": {"x": 1}}}
    assert calls([ollama]) == [call("a", "f", {"x": 1})]


def test_arguments_are_never_parsed():
    assert calls([entry(0, "a", "f", '{ "x" : 1.0')]) == [call("a", "f", '{ "x" : 1.0')]


def test_custom_tools_have_an_input():
    first = {"index": 0, "id": "a", "type": "custom", "custom": {"name": "sql", "input": "SELECT"}}
    assert calls([first], [{"index": 0, "custom": {"input": " 1"}}]) == [
        {"id": "a", "type": "custom", "custom": {"name": "sql", "input": "SELECT 1"}}
    ]


def test_unknown_keys_keep_their_last_value():
    signed = {"google": {"thought_signature": "x"}}
    assert calls([entry(0, "a", "f", "", extra_content=signed)], [entry(0, arguments="1")]) == [
        call("a", "f", "1", extra_content=signed)
    ]


def test_entries_that_are_no_objects_are_skipped():
    assert calls([None, "x", 7, [], entry(0, "a", "f", "")]) == [call("a", "f", "")]


def test_the_older_function_call_is_a_function():
    function = Function()
    for part in ({"name": "f", "arguments": ""}, {"arguments": "{"}, {"arguments": "}"}):
        function.add(part)
    assert function.settled() == {"name": "f", "arguments": "{}"}


def test_thirty_thousand_calls_without_index_are_not_quadratic():
    entries = [entry(id=str(number), name="f", arguments="") for number in range(30_000)]
    assert len(calls(entries)) == 30_000
