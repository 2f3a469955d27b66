"""A recorded call as a program of its own: for a shell, for Python, for JavaScript.

The key is an environment variable, never a value. Quoting is left to those who know it: shlex, repr, JSON.
"""

from __future__ import annotations

import json
import pprint
import shlex
from collections.abc import Callable
from typing import Any

from logs_app import payloads
from logs_app.models import LogPayload, LogRecord
from logs_app.presentation import presentation

KEY = "RELAY_API_KEY"
# Headers that a client would not write by hand, and those that hold or held a credential.
_OWN = {
    "accept", "accept-encoding", "accept-language", "authorization", "api-key", "connection",
    "content-length", "content-type", "cookie", "host", "idempotency-key", "proxy-authorization",
    "traceparent", "tracestate", "transfer-encoding", "user-agent", "x-api-key", "x-goog-api-key",
    "x-request-id",
}  # fmt: skip
_OWN_PREFIXES = ("x-stainless-", "x-forwarded-", "sec-", "cf-")
# What openai-python has a method for.
_METHODS = {
    "/v1/chat/completions": "chat.completions.create",
    "/v1/completions": "completions.create",
    "/v1/responses": "responses.create",
    "/v1/embeddings": "embeddings.create",
    "/v1/moderations": "moderations.create",
    "/v1/images/generations": "images.generate",
}
# What these methods take by name, in any version of it that is in use; the rest is `extra_body`.
_NAMES = """
    audio background best_of conversation dimensions echo encoding_format frequency_penalty function_call
    functions include input instructions logit_bias logprobs max_completion_tokens max_output_tokens
    max_tokens messages metadata modalities model moderation n output_format parallel_tool_calls prediction
    presence_penalty previous_response_id prompt quality reasoning reasoning_effort response_format seed
    service_tier size stop store stream stream_options style suffix temperature text tool_choice tools
    top_logprobs top_p truncation user
"""
_ARGUMENTS = frozenset(_NAMES.split())
_CUT = "The body of this call is not kept whole; complete it before you run this."
_UPLOAD = "The body of this call is no JSON (a file, a form): name yours in place of FILE."


def curl(record: LogRecord, base_url: str) -> str:
    body = _json_body(record)
    at_once = "-N " if isinstance(body, dict) and body.get("stream") else ""
    lines = [f"curl {at_once}{shlex.quote(_url(record, base_url))}"]
    if record.method != "POST":
        lines[0] += f" -X {shlex.quote(record.method)}"
    lines.append(f'-H "Authorization: Bearer ${KEY}"')
    headers, note = _headers(record), _note(record)
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in headers.items()]
    if body is not None:
        lines.append(f"-H 'Content-Type: application/json' --data-raw {shlex.quote(_pretty(body))}")
    elif note:
        content_type = f"Content-Type: {record.payload.request_content_type}"
        lines.append(f"-H {shlex.quote(content_type)} --data-binary @FILE")
    return _commented("#", note) + " \\\n  ".join(lines) + "\n"


def python(record: LogRecord, base_url: str) -> str:
    """With the openai package; what it has no method for goes through its client all the same."""
    prefix, rest = _parted(record)
    method = _METHODS.get(f"/v1{rest}") if record.method == "POST" else None
    body = _json_body(record)
    call = _sdk_call(record, method, body) if method and isinstance(body, dict) else _raw_call(record, body)
    is_streaming = method is not None and isinstance(body, dict) and bool(body.get("stream"))
    return (
        f"{_commented('#', _note(record))}import os\n\nfrom openai import OpenAI\n\n"
        f'client = OpenAI(api_key=os.environ["{KEY}"], base_url={_literal(f"{base_url}{prefix}")})\n'
        f"{call}\n" + ("for event in answer:\n    print(event)\n" if is_streaming else "print(answer)\n")
    )


def javascript(record: LogRecord, base_url: str) -> str:
    """With fetch, which browsers, Node, Deno and Bun have."""
    body = _json_body(record)
    headers = {**_headers(record), **({"Content-Type": "application/json"} if body is not None else {})}
    lines = [f"const answer = await fetch({json.dumps(_url(record, base_url))}, {{"]
    lines.append(f"  method: {json.dumps(record.method)},")
    lines.append("  headers: {")
    lines.append(f"    Authorization: `Bearer ${{process.env.{KEY}}}`,")
    lines += [f"    {json.dumps(name)}: {json.dumps(value)}," for name, value in headers.items()]
    lines.append("  },")
    if body is not None:
        lines.append(f"  body: JSON.stringify({_indented(_pretty(body), 2)}),")
    lines += ["});", "console.log(await answer.text());"]
    return _commented("//", _note(record)) + "\n".join(lines) + "\n"


LANGUAGES: dict[str, Callable[[LogRecord, str], str]] = {
    "curl": curl,
    "python": python,
    "javascript": javascript,
}


# As people know them.
NAMES = {"curl": "curl", "python": "Python", "javascript": "JavaScript"}


def _url(record: LogRecord, base_url: str) -> str:
    return f"{base_url}{record.path}{f'?{record.query}' if record.query else ''}"


def _parted(record: LogRecord) -> tuple[str, str]:
    """What a client has in its base_url, which is a route's prefix where the call took one, and the rest."""
    rest = record.endpoint.removeprefix("/v1")
    if rest and record.path.endswith(rest):
        return record.path.removesuffix(rest), rest
    return ("/v1", record.path.removeprefix("/v1")) if record.path.startswith("/v1/") else ("", record.path)


def _headers(record: LogRecord) -> dict[str, str]:
    shown = presentation.headers(record.payload.request_headers)
    return {
        name: value
        for name, value in shown.items()
        if name not in _OWN and not name.startswith(_OWN_PREFIXES) and value != "***"
    }


def _json_body(record: LogRecord) -> Any:
    """None where there is none, or no JSON."""
    payload = record.payload
    if payload.request_cut or not _is_json(payload):
        return None
    return presentation.request_body(payload)


def _is_json(payload: LogPayload) -> bool:
    return payloads.unpack(payload.request_body).lstrip()[:1] in (b"{", b"[") and isinstance(
        presentation.request_body(payload), dict | list
    )


def _note(record: LogRecord) -> str:
    payload = record.payload
    if payload.request_cut or (record.request_bytes and not payload.request_body):
        return _CUT
    return _UPLOAD if payload.request_body and not _is_json(payload) else ""


def _commented(mark: str, note: str) -> str:
    return f"{mark} {note}\n" if note else ""


def _sdk_call(record: LogRecord, method: str, body: dict[str, Any]) -> str:
    given = {name: value for name, value in body.items() if name in _ARGUMENTS}
    given |= {"extra_body": {name: value for name, value in body.items() if name not in _ARGUMENTS}}
    given |= {"extra_headers": _headers(record)}
    return _called(method, {name: value for name, value in given.items() if value or name in body})


def _raw_call(record: LogRecord, body: Any) -> str:
    given: dict[str, Any] = {} if body is None else {"body": body}
    if headers := _headers(record):
        given["options"] = {"headers": headers}
    path = _url(record, "").removeprefix(_parted(record)[0])
    return _called(record.method.lower(), given, f"    {_literal(path)},", "    cast_to=object,")


def _called(method: str, given: dict[str, Any], *lines: str) -> str:
    arguments = [f"    {name}={_literal(value, len(name) + 5)}," for name, value in given.items()]
    return "\n".join([f"answer = client.{method}(", *lines, *arguments, ")"])


def _literal(value: Any, indent: int = 0) -> str:
    text = (
        pprint.pformat(value, width=96, sort_dicts=False) if isinstance(value, dict | list) else repr(value)
    )
    return text.replace("\n", "\n" + " " * indent)


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def _indented(text: str, spaces: int) -> str:
    return text.replace("\n", "\n" + " " * spaces)
