from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.test import Client

pytestmark = pytest.mark.django_db
CHINESE = {"accept-language": "zh-CN,zh;q=0.9"}
PROVIDER = {"provider_key": "p", "api_base": "https://example.com", "model_mapping": {"gpt-*": "a-*-*"}}
SECRET = {"authorization": f"Bearer {settings.MANAGEMENT_TOKEN}"}


def refusals(client: Client, path: str, **form: Any) -> str:
    page = client.post(path, form, headers=CHINESE)
    assert page.status_code == 200
    return " ".join(str(words) for each in page.context["errors"] for words in each)


@pytest.mark.parametrize(
    ("path", "form", "words"),
    [
        ("proxy/provider", {"model_mapping": '{"gpt-*": "a-*-*"}'}, "“a-*-*”中的 * 比“gpt-*”中的多。"),
        ("proxy/provider", {"new_api_key": "sk-abc…"}, "这是密钥的预览"),
        ("proxy/processor", {"type": "regex_replace", "config_value": "("}, "这不是 RE2 的正则表达式"),
        ("accounts/credential", {"secret": "short"}, "密钥需要 8 到 256 个字符，这个有 5 个。"),
        ("accounts/credential", {"policy": "[]", "allowed_models": "[3]"}, "3 不是文本。"),
        ("logs_app/redactionrule", {"pattern": "a*", "label": "A"}, "该模式会匹配空文本"),
        ("logs_app/modelprice", {"input": "much"}, "'much' 不是美元金额"),
    ],
)
def test_a_form_refuses_in_the_language_of_the_page(
    admin_client: Client, path: str, form: dict[str, str], words: str
) -> None:
    assert words in refusals(admin_client, f"/admin/{path}/add/", name="a", action="redact", **form)


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/manage/providers", PROVIDER, "has more * than"),
        ("/manage/providers", {}, "This field is required."),
        (
            "/admin/v1/credentials",
            {"name": "a", "key": "half\ta key"},
            "A key consists of printable characters",
        ),
        ("/manage/logs/compare", {"limit": 0}, "greater than or equal to 1"),
    ],
)
def test_programs_are_answered_in_english(client: Client, path: str, body: Any, words: str) -> None:
    answer = client.post(path, body, content_type="application/json", headers=CHINESE | SECRET)
    assert words in answer.json()["error"]["message"]
    assert answer["Content-Language"] == "en"


def test_a_program_that_may_not_is_told_in_english(client: Client) -> None:
    answer = client.get("/manage/projects", headers=CHINESE)
    assert answer.status_code == 401 and answer.json()["error"]["message"].isascii()
