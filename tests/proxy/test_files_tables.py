from __future__ import annotations

import re

import pytest

from proxy.files import FileRefused, tables
from proxy.processors import refusal_of
from tests.running import ROOT

OLDER = """
[llm.openai_chat]
provider = "openai"
type = "chat"
base_url = "https://api.openai.com/v1"
token_env = "OPENAI_API_KEY"
supports_streaming = true

[llm.vectors]
provider = "openai"
type = "embedding"
base_url = "https://api.openai.com/v1/embeddings"
token_env = "OPENAI_API_KEY"
supports_streaming = false

[processor.enhance]
type = "openai_chat"
config_value = "gpt-4o"
additional_config = { system_prompt = "Make the question clearer." }

[[route]]
path_prefix = "/v1/chat/completions"
target_llm = "openai_chat"
processors = ["enhance"]
allow_streaming = false
allow_non_streaming = true

[server]
host = "127.0.0.1"
port = 3000
log_level = "INFO"
request_timeout_secs = 300
cors_allowed_origins = ["https://a.example", "https://b.example"]
"""


def test_the_older_words_become_columns() -> None:
    plan = tables.read(OLDER)
    assert plan.providers["openai_chat"] == {
        "provider_type": "openai",
        "api_base": "https://api.openai.com/v1",
        "endpoints": ["chat/completions"],
        "api_key_env": "OPENAI_API_KEY",
        "supports_streaming": True,
        "provider_params": {},
    }
    assert plan.providers["vectors"]["api_base"] == "https://api.openai.com/v1"
    assert plan.processors["enhance"]["config_value"] == "gpt-4o"
    assert plan.routes["v1-chat-completions"] == {
        "path_prefix": "/v1/chat/completions",
        "processors": ["enhance"],
        "allow_streaming": False,
        "allow_non_streaming": True,
        "providers": ["openai_chat"],
    }
    assert plan.settings == {"first_byte_timeout_seconds": 300, "idle_timeout_seconds": 300}
    assert plan.lines == [
        "HOST=127.0.0.1",
        "PORT=3000",
        "LOG_LEVEL=INFO",
        "CORS_ALLOWED_ORIGINS=https://a.example,https://b.example",
    ]


def test_columns_are_taken_by_their_names() -> None:
    plan = tables.read(
        '[provider.a]\napi_base = "https://a.example"\nweight = 3\n[settings]\nmax_failovers = 1'
    )
    assert plan.providers == {"a": {"api_base": "https://a.example", "weight": 3}}
    assert plan.settings == {"max_failovers": 1}


def test_a_value_with_null_travels_as_json() -> None:
    plan = tables.read("[processor.a]\nadditional_config_json = '{\"stop\": null}'")
    assert plan.processors == {"a": {"additional_config": {"stop": None}}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[provider.a]\nwieght = 1", "provider.a: nothing here is called wieght."),
        ("[llm.a]\nbase_url = 'https://a'\nmodel = 'x'", "llm.a: nothing here is called model."),
        ("[servers]\nport = 1", "The file: nothing here is called servers."),
        ("[llm.a]\ntype = 'chat'", "llm.a: base_url is missing."),
        ("[llm.a]\nbase_url = 'https://a'\ntype = 'video'", "llm.a.type: 'video' is none of"),
        ("[llm.a]\nbase_url = 1", "llm.a.base_url: 1 is not a text."),
        ("[[route]]\ntarget_llm = 'a'", "route 1: path_prefix is missing."),
        ("[[route]]\npath_prefix = '/a'\nprocessors = 'b'", "route a.processors: write a list of names."),
        (
            "[processor.a]\nadditional_config_json = '{'",
            "processor.a.additional_config_json: this is no JSON",
        ),
        ("[a", "This is no TOML 1.0"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, words: str) -> None:
    with pytest.raises(FileRefused) as refused:
        tables.read(text)
    assert words in str(refused.value)


def test_a_table_in_braces_over_several_lines_is_explained() -> None:
    with pytest.raises(FileRefused, match=r"\[processor.NAME.additional_config\]"):
        tables.read('[processor.a]\nadditional_config = {\n  system_prompt = "x"\n}')


def test_the_limits_of_the_migration_page_can_be_imported() -> None:
    page = (ROOT / "docs" / "migration.md").read_text()
    (text,) = re.findall(r"^```toml\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    plan = tables.read(text)
    (route,) = plan.routes.values()
    assert route["processors"] == ["length-default", "length"]
    for made in plan.processors.values():
        value, more = made.get("config_value", ""), made["additional_config"]
        assert refusal_of(made["type"], value, more) is None
