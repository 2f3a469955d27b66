from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app.counting import count_text
from logs_app.presentation import continuation

SYSTEM = {"role": "system", "content": "Be brief. " * 50}
QUESTION = {"role": "user", "content": "Who are you?"}
ANSWER = {"role": "assistant", "content": "A relay."}
MORE = {"role": "user", "content": "And then?"}
TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {}}}]


def chat(*messages, **given):
    return {"model": "gpt-4o", "messages": list(messages), **given}


def test_a_request_that_only_goes_on_loses_nothing():
    found = continuation.compare(chat(SYSTEM, QUESTION), chat(SYSTEM, QUESTION, ANSWER, MORE))
    assert found["first_difference"] is None
    assert found["messages"] == {"before": 2, "after": 4, "same": 2}
    assert found["tokens"]["lost"] == 0
    assert found["tokens"]["before"] == found["tokens"]["shared"] > 100


def test_a_changed_system_prompt_loses_what_follows():
    other = {"role": "system", "content": "Now: " + SYSTEM["content"]}
    found = continuation.compare(chat(SYSTEM, QUESTION), chat(other, QUESTION))
    assert found["first_difference"]["path"] == "messages/0"
    assert found["first_difference"]["text"][0]["kind"] == "changed"
    assert found["tokens"]["lost"] > count_text(SYSTEM["content"], "gpt-4o")


def test_words_before_the_difference_are_shared():
    other = {"role": "system", "content": SYSTEM["content"] + "It is noon."}
    found = continuation.compare(chat(SYSTEM, QUESTION), chat(other, QUESTION))
    assert found["tokens"]["lost"] < 15


def test_tools_come_before_everything():
    found = continuation.compare(chat(SYSTEM, QUESTION), chat(SYSTEM, QUESTION, tools=TOOLS))
    assert found["first_difference"]["path"] == "messages/0"
    assert found["messages"]["same"] == 0
    again = continuation.compare(chat(QUESTION, tools=TOOLS), chat(QUESTION, tools=TOOLS, temperature=1))
    assert again["first_difference"] is None


def test_another_model_has_another_cache():
    found = continuation.compare(chat(SYSTEM, QUESTION), chat(SYSTEM, QUESTION) | {"model": "gpt-4"})
    assert (found["is_same_model"], found["first_difference"]) == (False, None)
    assert found["tokens"]["lost"] == found["tokens"]["before"]


def test_what_was_taken_away_is_a_difference():
    found = continuation.compare(chat(SYSTEM, QUESTION, ANSWER), chat(SYSTEM, QUESTION))
    assert found["first_difference"] == {"path": "messages/2", "before": ANSWER, "after": None, "text": []}


def test_marks_of_caching_are_no_part_of_the_prompt():
    block = {"type": "text", "text": "Hi"}
    marked = {"role": "user", "content": [block | {"cache_control": {"type": "ephemeral"}}]}
    found = continuation.compare(
        chat(marked, system="S"), chat({"role": "user", "content": [block]}, system="S")
    )
    assert found["first_difference"] is None


def test_the_words_of_a_responses_call_are_a_message():
    found = continuation.compare({"model": "m", "input": "a b c"}, {"model": "m", "input": "a b d"})
    assert found["first_difference"]["path"] == "messages/0"


@pytest.mark.parametrize("other", [None, "text", {"input": ""}, {"model": "m"}, [1]])
def test_what_is_no_conversation_is_not_compared(other):
    assert continuation.compare(chat(QUESTION), other) is None
    assert continuation.compare(other, chat(QUESTION)) is None


def test_a_message_that_is_a_mere_text_is_compared_too():
    assert continuation.compare(chat(QUESTION), chat("Who?"))["first_difference"]["path"] == "messages/0"
    assert continuation.compare(chat("Who?"), chat(QUESTION))["tokens"]["before"] == 0


STRANGE = st.recursive(
    st.none() | st.integers() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["role", "content", "type", "text"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(STRANGE, STRANGE)
def test_nothing_that_a_client_sends_is_too_strange(one, other):
    found = continuation.compare({"messages": one}, {"messages": other})
    assert found is None or found["tokens"]["lost"] >= 0
