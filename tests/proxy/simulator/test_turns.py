import orjson
import pytest

from proxy.simulator import turns
from proxy.simulator.script import NOTHING, Script
from proxy.simulator.turns import Prompt, Tool

TOOLS = [Tool(name, {"type": "object", "properties": {"q": {"type": "string"}}}) for name in ("a", "b", "c")]


def test_prompt_without_more_is_answered_in_words() -> None:
    turn = turns.compose(Prompt("hello", input_tokens=5), NOTHING)
    assert "hello" in turn.text and turn.finish == "stop" and turn.calls == []
    assert turn.output_tokens == len(turn.pieces) == turn.chunk_count


def test_calls_differ_in_their_arguments() -> None:
    turn = turns.compose(Prompt("hello", tools=TOOLS), NOTHING)
    assert [orjson.loads(call.arguments) for call in turn.calls] == [{"q": "hello"}, {"q": "hello 1"}]
    assert turn.finish == "tool_calls" and turn.pieces == ()


@pytest.mark.parametrize(
    ("prompt", "names"),
    [
        (Prompt(tools=TOOLS), ["a", "b"]),
        (Prompt(tools=TOOLS, is_parallel=False), ["a"]),
        (Prompt(tools=TOOLS, forced_tool="c"), ["c"]),
        (Prompt(tools=TOOLS, tool_results=["done"]), []),
        (Prompt(), []),
    ],
)
def test_tools_are_chosen(prompt: Prompt, names: list[str]) -> None:
    assert [call.name for call in turns.compose(prompt, NOTHING).calls] == names


def test_limit_cuts_unless_the_script_says_how_long() -> None:
    assert turns.compose(Prompt("hello", max_tokens=2), NOTHING).finish == "length"
    assert len(turns.compose(Prompt("hello", max_tokens=2), Script(chunks=9)).pieces) == 9


def test_long_prompts_are_partly_cached() -> None:
    assert turns.compose(Prompt(input_tokens=1023), NOTHING).cached_tokens == 0
    assert turns.compose(Prompt(input_tokens=2100), NOTHING).cached_tokens == 1024


def test_usage_adds_up() -> None:
    turn = turns.compose(Prompt("hello", input_tokens=7, hidden_reasoning=64), Script(chunks=3, reasoning=2))
    usage = turns.usage(turn)
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (7, 69, 76)
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 66
