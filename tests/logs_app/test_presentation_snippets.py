from __future__ import annotations

import inspect
import json
import shutil
import subprocess
import sys
from typing import Any

import openai
import pytest

from logs_app import payloads
from logs_app.models import LogPayload, LogRecord
from logs_app.presentation import snippets
from proxy.simulator import Simulator

NASTY = 'it\'s "quoted" $(id) `id` \\ \n\t% é 你好 </script> ${x}'
CHAT = {
    "model": "gpt-4o",
    "messages": [{"role": "user", "content": NASTY}],
    "temperature": 0.5,
    "top_k": 3,
    "stop": None,
}
HEADERS = [
    ["content-type", "application/json"],
    ["authorization", "***"],
    ["user-agent", "openai"],
    ["x-stainless-lang", "python"],
    ["x-relay-tags", "it's, $(id)"],
]


def record(body: bytes | Any = CHAT, path: str = "/v1/chat/completions", **columns: Any) -> LogRecord:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    made = LogRecord(**{"method": "POST", "path": path, "query": "", "request_bytes": len(content)} | columns)
    made.payload = LogPayload(
        request_body=payloads.pack(content),
        request_headers=payloads.pack_json(HEADERS),
        request_content_type="application/json",
    )
    return made


def run(command: list[str], text: str) -> str:
    environ = {"RELAY_API_KEY": "sk-key", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(command, input=text, env=environ, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("language", "command"),
    [("curl", ["bash"]), ("python", [sys.executable, "-"]), ("javascript", ["node", "--input-type=module"])],
)
def test_the_program_makes_the_same_call(simulator: Simulator, language, command):
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    tag = f"snippet {language}"
    asked = {**CHAT, "user": tag}
    text = snippets.LANGUAGES[language](record(asked), simulator.base_url.removesuffix("/v1"))
    assert "sk-key" not in text
    run(command, text)
    (request,) = [
        each for each in simulator.requests if isinstance(each.json, dict) and each.json.get("user") == tag
    ]
    assert request.json == asked
    headers = {name.lower(): value for name, value in dict(request.headers).items()}
    assert headers["authorization"] == "Bearer sk-key"
    assert headers["x-relay-tags"] == "it's, $(id)"


def test_a_stream_is_read_event_by_event():
    text = snippets.python(record({**CHAT, "stream": True}), "http://relay")
    assert text.endswith("for event in answer:\n    print(event)\n")


@pytest.mark.parametrize("prefix", ["/v1", "/team", "/team/v1"])
def test_the_client_is_based_on_the_prefix_of_a_route(prefix):
    program = snippets.python(
        record(path=f"{prefix}/chat/completions", endpoint="/v1/chat/completions"), "http://relay"
    )
    assert f"base_url='http://relay{prefix}')" in program
    assert "client.chat.completions.create(" in program


def test_a_path_with_ids_below_a_prefix_is_called_whole():
    made = record(b"", path="/team/files/f-1", endpoint="/v1/files/{id}", method="GET")
    program = snippets.python(made, "http://relay")
    assert "base_url='http://relay')" in program
    assert "'/team/files/f-1'" in program


def test_what_the_package_has_no_method_for_goes_through_its_client(simulator: Simulator):
    asked = {"model": "m", "messages": [{"role": "user", "content": "hi"}], "max_tokens": 77}
    text = snippets.python(record(asked, "/v1/messages"), simulator.base_url.removesuffix("/v1"))
    run([sys.executable, "-"], text)
    assert [each.json for each in simulator.requests if each.json == asked]


@pytest.mark.parametrize("language", snippets.LANGUAGES)
def test_a_call_without_a_body_has_none(language):
    text = snippets.LANGUAGES[language](
        record(b"", "/v1/models", method="GET", query="a=b&c"), "http://relay"
    )
    assert "models?a=b&c" in text
    assert "body" not in text.lower() and "data" not in text


@pytest.mark.parametrize("language", snippets.LANGUAGES)
def test_what_is_no_json_is_noted(language):
    form = record(b"--x\r\nContent-Disposition: form-data", "/v1/audio/transcriptions")
    assert "is no JSON" in snippets.LANGUAGES[language](form, "http://relay").splitlines()[0]
    gone = record(b"", request_bytes=5)
    assert "not kept whole" in snippets.LANGUAGES[language](gone, "http://relay").splitlines()[0]


def test_the_arguments_are_those_of_the_package():
    client = openai.OpenAI(api_key="x")
    known: set[str] = set()
    for method in snippets._METHODS.values():
        function: Any = client
        for part in method.split("."):
            function = getattr(function, part)
        known |= set(inspect.signature(function).parameters)
    assert known >= snippets._ARGUMENTS
