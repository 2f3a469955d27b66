"""Requests of the three chat dialects, read into one `Prompt`."""

from __future__ import annotations

from typing import Any

from proxy.simulator import words
from proxy.simulator.calls import Call
from proxy.simulator.errors import Refusal
from proxy.simulator.script import without_marker
from proxy.simulator.turns import IMAGE_TOKENS, Prompt, Tool

IMAGE_PARTS = ("image_url", "input_image", "image")
EFFORT_TOKENS = {"minimal": 16, "low": 64, "medium": 192, "high": 512, "xhigh": 1024}
VISIBLE_REASONING = 8
TOKENS_PER_MESSAGE = 3
TOKENS_PER_TOOL = 60


def text_of(content: Any) -> str:
    if isinstance(content, str):
        return content
    if not isinstance(content, list):
        return ""
    return " ".join(str(part.get("text") or "") for part in content if isinstance(part, dict)).strip()


def images_of(content: Any) -> int:
    if not isinstance(content, list):
        return 0
    return sum(isinstance(part, dict) and part.get("type") in IMAGE_PARTS for part in content)


def of_chat(call: Call) -> Prompt:
    request = call.json
    messages = call.need("messages") if call.body.is_whole else _pretended(call)
    prompt = _of_messages(messages)
    prompt.tool_results = [text_of(message.get("content")) for message in _trailing(messages, "tool")]
    for tool in request.get("tools") or []:
        function = tool.get("function") or tool.get("custom") or {}
        prompt.tools.append(Tool(function.get("name", "tool"), function.get("parameters") or {}))
    _choose_tools(prompt, request.get("tool_choice"))
    prompt.is_parallel = request.get("parallel_tool_calls") is not False
    prompt.schema = _chat_schema(request.get("response_format"))
    prompt.hidden_reasoning = EFFORT_TOKENS.get(request.get("reasoning_effort") or "", 0)
    if request.get("enable_thinking") or "reason" in str(request.get("model")):
        prompt.reasoning = VISIBLE_REASONING
    prompt.max_tokens = request.get("max_completion_tokens") or request.get("max_tokens")
    prompt.input_tokens += TOKENS_PER_TOOL * len(prompt.tools)
    return prompt


def of_messages(call: Call) -> Prompt:
    request = call.json
    messages = call.need("messages") if call.body.is_whole else _pretended(call)
    prompt = _of_messages(messages)
    prompt.input_tokens += words.count(text_of(request.get("system")))
    last = messages[-1].get("content") if messages else None
    if isinstance(last, list):
        results = [part for part in last if part.get("type") == "tool_result"]
        prompt.tool_results = [text_of(result.get("content")) for result in results]
    for tool in request.get("tools") or []:
        prompt.tools.append(Tool(tool.get("name", "tool"), tool.get("input_schema") or {}))
    choice = request.get("tool_choice") or {}
    _choose_tools(prompt, "none" if choice.get("type") == "none" else choice)
    prompt.is_parallel = not choice.get("disable_parallel_tool_use")
    if (request.get("thinking") or {}).get("type") in ("enabled", "adaptive"):
        prompt.reasoning = VISIBLE_REASONING
    prompt.max_tokens = request.get("max_tokens")
    prompt.input_tokens += TOKENS_PER_TOOL * len(prompt.tools)
    return prompt


def of_responses(call: Call) -> Prompt:
    request = call.json
    given = request.get("input") or ""
    items = [{"role": "user", "content": given}] if isinstance(given, str) else given
    prompt = _of_messages([item for item in items if "content" in item])
    results = [item for item in items[-8:] if item.get("type") == "function_call_output"]
    prompt.tool_results = [text_of(item.get("output")) for item in results]
    prompt.input_tokens += words.count(request.get("instructions") or "")
    for tool in request.get("tools") or []:
        if tool.get("type") == "function":
            prompt.tools.append(Tool(tool.get("name", "tool"), tool.get("parameters") or {}))
    _choose_tools(prompt, request.get("tool_choice"))
    prompt.is_parallel = request.get("parallel_tool_calls") is not False
    prompt.schema = _responses_schema((request.get("text") or {}).get("format"))
    reasoning = request.get("reasoning") or {}
    prompt.hidden_reasoning = EFFORT_TOKENS.get(reasoning.get("effort") or "", 0)
    if reasoning.get("summary"):
        prompt.reasoning = VISIBLE_REASONING
    prompt.max_tokens = request.get("max_output_tokens")
    prompt.input_tokens += TOKENS_PER_TOOL * len(prompt.tools)
    return prompt


def _of_messages(messages: Any) -> Prompt:
    if not isinstance(messages, list) or not all(isinstance(each, dict) for each in messages):
        raise Refusal(400, "Invalid type for 'messages': expected an array of objects.", param="messages")
    prompt = Prompt()
    for message in messages:
        content = message.get("content")
        text = text_of(content)
        images = images_of(content)
        prompt.input_tokens += words.count(text) + TOKENS_PER_MESSAGE + images * IMAGE_TOKENS
        prompt.images += images
        if message.get("role") == "user" and text:
            prompt.text = without_marker(text)
    return prompt


def _pretended(call: Call) -> list[dict[str, Any]]:
    """A body too large to keep is answered by its size."""
    return [{"role": "user", "content": f"a body of {call.body.size} bytes"}]


def _trailing(messages: list[dict[str, Any]], role: str) -> list[dict[str, Any]]:
    end = len(messages)
    while end and messages[end - 1].get("role") == role:
        end -= 1
    return messages[end:]


def _choose_tools(prompt: Prompt, choice: Any) -> None:
    if choice == "none":
        prompt.tools = []
    elif isinstance(choice, dict):
        prompt.forced_tool = choice.get("name") or (choice.get("function") or {}).get("name")


def _chat_schema(response_format: Any) -> dict[str, Any] | None:
    if not isinstance(response_format, dict):
        return None
    if response_format.get("type") == "json_schema":
        return (response_format.get("json_schema") or {}).get("schema") or {}
    return ANY_OBJECT if response_format.get("type") == "json_object" else None


def _responses_schema(text_format: Any) -> dict[str, Any] | None:
    if not isinstance(text_format, dict):
        return None
    if text_format.get("type") == "json_schema":
        return text_format.get("schema") or {}
    return ANY_OBJECT if text_format.get("type") == "json_object" else None


ANY_OBJECT = {
    "type": "object",
    "properties": {"answer": {"type": "string"}, "is_simulated": {"type": "boolean"}},
}
