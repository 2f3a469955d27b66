from __future__ import annotations

import os

import pytest
from pytest_django import Settings

from relay.start import welcome
from relay.start.welcome import Generated

URL = "http://127.0.0.1:8000"


@pytest.fixture(autouse=True)
def chosen(settings: Settings) -> None:
    settings.TARGET_API_KEY = "sk-upstream"
    settings.ADMIN_PASSWORD = "chosen password"
    settings.PROXY_KEY = "sk-chosen"
    settings.GIVEN_VARIABLES = frozenset({"MANAGEMENT_TOKEN"})


def test_what_was_generated_is_shown(settings: Settings) -> None:
    settings.GIVEN_VARIABLES = frozenset()
    text = welcome.text(URL, Generated("pass-1", "sk-generated"), welcome.FIRST)
    for shown in ("pass-1", "sk-generated", settings.MANAGEMENT_TOKEN, f"{URL}/admin/", "admin"):
        assert shown in text
    assert str(settings.DATA_DIR / "management_token") in text


def test_what_was_chosen_is_not_shown(settings: Settings) -> None:
    text = welcome.text(URL, Generated(None, None), welcome.FIRST)
    assert "from ADMIN_PASSWORD" in text and "from PROXY_KEY" in text and "from MANAGEMENT_TOKEN" in text
    assert not any(
        s in text for s in ("chosen password", "sk-chosen", "sk-upstream", settings.MANAGEMENT_TOKEN)
    )


def test_the_line_to_paste_asks_openai_for_a_small_model() -> None:
    assert '"model":"gpt-4o-mini"' in welcome.curl(URL, "sk-1")


def test_the_line_to_paste_uses_the_default_model(settings: Settings) -> None:
    settings.TARGET_BASE_URL = "http://127.0.0.1:11434"
    settings.DEFAULT_MODEL = "it's a model"
    line = welcome.curl(URL, "sk-1")
    assert """it'"'"'s a model""" in line


def test_another_provider_without_a_default_model_is_asked_for_its_models(settings: Settings) -> None:
    settings.TARGET_BASE_URL = "http://127.0.0.1:11434"
    assert welcome.curl(URL, "sk-1") == f'curl {URL}/v1/models -H "Authorization: Bearer sk-1"'


def test_a_key_from_a_file_is_read_from_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "PROXY_KEY_FILE", "/run/secrets/proxy key")
    assert "$(cat '/run/secrets/proxy key')" in welcome.curl(URL, None)


def test_without_a_provider_key_it_says_what_to_do(settings: Settings) -> None:
    settings.TARGET_API_KEY = ""
    text = welcome.text(URL, Generated(None, None), welcome.FIRST)
    assert f"{URL}/admin/proxy/provider/" in text and "TARGET_API_KEY" in text
