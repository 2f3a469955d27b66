"""What a redactor makes of texts and JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from logs_app.redaction import Redactor, Ruleset, rules
from logs_app.redaction.kinds import IMAGE, IP, KINDS, USUAL
from logs_app.redaction.redactor import TooSlow
from logs_app.redaction.walking import DEEPEST, TOO_DEEP

EMAIL, PHONE = "joe@example.com", "13812345678"


def redactor(
    *own: rules.Rule, allowed: tuple[rules.Rule, ...] = (), kinds: frozenset[str] = USUAL
) -> Redactor:
    return Redactor(Ruleset(kinds, own, allowed))


def body(value: Any, **options: Any) -> Any:
    return redactor(**options).body(value)[0]


def test_the_same_value_has_the_same_number_however_it_is_spelled() -> None:
    one = redactor()
    assert one.text(f"{EMAIL}, JOE@example.com and ann@example.com") == "[EMAIL_1], [EMAIL_1] and [EMAIL_2]"
    assert one.text("+86 138 1234 5678 or 13812345678") == "[PHONE_1] or [PHONE_1]"
    assert one.body({"to": [EMAIL, "13912345678"]})[0] == {"to": ["[EMAIL_1]", "[PHONE_2]"]}
    assert one.counts == {"EMAIL": 2, "PHONE": 2}


def test_numbers_go_on_after_those_the_record_has() -> None:
    assert Redactor(Ruleset(), {"EMAIL": 3}).text(EMAIL) == "[EMAIL_4]"


def test_what_has_no_secret_is_the_very_same_object() -> None:
    value = {"messages": [{"role": "user", "content": "Hello?"}], "created": 1763660000, "seed": 5}
    redacted, is_changed = redactor().body(value)
    assert redacted is value and not is_changed
    text = "nothing to see"
    assert redactor().text(text) is text


def test_redacted_text_is_left_alone_a_second_time() -> None:
    once = redactor().text(f"{EMAIL} {PHONE}")
    assert redactor().text(once) == once


def test_arguments_of_a_tool_are_json_in_a_text_and_stay_json() -> None:
    arguments = json.dumps({"to": "joe@example.com", "phone": 13812345678, "n": 3, "note": f"line\n{EMAIL}"})
    told = json.loads(body({"arguments": arguments.replace("@", "\\u0040")})["arguments"])
    assert told == {"to": "[EMAIL_1]", "phone": "[PHONE_1]", "n": 3, "note": "line\n[EMAIL_1]"}


def test_names_of_members_are_redacted_too() -> None:
    assert body({EMAIL: 1, "other": 2}) == {"[EMAIL_1]": 1, "other": 2}


@pytest.mark.parametrize(
    ("given_value", "expected"),
    [
        ({"password": "hunter2"}, {"password": "[PASSWORD_1]"}),
        ({"db_password": "***"}, {"db_password": "***"}),
        ({"password": {"type": "string"}}, {"password": {"type": "string"}}),
        ({"phone_number": "4155552671"}, {"phone_number": "[PHONE_1]"}),
        ({"quantity": "4155552671"}, {"quantity": "4155552671"}),
        ({"card": 4111111111111111}, {"card": "[CARD_1]"}),
        ({"seed": 13812345678}, {"seed": 13812345678}),
    ],
)
def test_the_name_of_a_member_tells_what_its_value_is(given_value: Any, expected: Any) -> None:
    assert body(given_value) == expected


def test_what_stands_over_several_parts_of_a_text_is_found() -> None:
    parts = [
        {"type": "text", "text": "I am jo"},
        {"type": "text", "text": "e@exam"},
        {"type": "text", "text": "ple.com!"},
    ]
    texts = [part["text"] for part in body({"content": parts})["content"]]
    assert texts == ["I am [EMAIL_1]", "", "!"]


def test_tokens_do_not_spell_what_the_answer_hides() -> None:
    choice = {"message": {"content": EMAIL}, "logprobs": {"content": [{"token": "joe"}]}, "token_ids": [1, 2]}
    assert body(choice) == {"message": {"content": "[EMAIL_1]"}, "logprobs": None, "token_ids": None}
    alone = {"logprobs": {"content": [{"token": "joe"}, {"token": "@example"}, {"token": ".com"}]}}
    assert body(alone) == {"logprobs": None}
    harmless = {"message": {"content": "Hi"}, "logprobs": {"content": [{"token": "Hi"}]}}
    assert body(harmless) is harmless


def test_files_in_base64_are_not_searched_and_images_go_whole_when_asked() -> None:
    image = "data:image/png;base64," + "iVBORw0KGgo" + "13812345678+" * 40
    part = {"type": "image_url", "image_url": {"url": image}}
    assert body(part) is part
    assert body(part, kinds=USUAL | {IMAGE}) == {"type": "image_url", "image_url": {"url": "[IMAGE_1]"}}


def test_addresses_of_machines_are_found_only_when_asked() -> None:
    text = "from 192.168.1.77 and 2001:db8::8a2e:370:7334, version 1.2.3.4.5"
    assert redactor().text(text) is text
    assert redactor(kinds=USUAL | {IP}).text(text) == "from [IP_1] and [IP_2], version 1.2.3.4.5"


def test_kinds_can_be_left_out() -> None:
    assert redactor(kinds=frozenset({"EMAIL"})).text(f"{EMAIL} {PHONE}") == f"[EMAIL_1] {PHONE}"


def test_own_rules_replace_and_allow() -> None:
    staff = rules.compiled(r"EMP-\d{5}", "EMPLOYEE")
    own = rules.compiled(r".*@example\.com", "EMAIL", allows=True)
    one = redactor(staff, allowed=(own,))
    assert (
        one.text(f"EMP-12345 {EMAIL} a@b.co 员工EMP-12345")
        == f"[EMPLOYEE_1] {EMAIL} [EMAIL_1] 员工[EMPLOYEE_1]"
    )


def test_an_own_rule_inside_a_known_thing_leaves_nothing_of_it() -> None:
    assert redactor(rules.compiled(r"joe", "NAME")).text(f"to {EMAIL}.") == "to [NAME_1]."


def test_own_rules_have_a_time_for_a_record(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("logs_app.redaction.redactor.LONGEST_SECONDS", 0.0)
    with pytest.raises(TooSlow):
        redactor(rules.compiled("a", "A")).text("banana " * 1000)


def test_json_without_a_bottom_is_cut() -> None:
    value: Any = EMAIL
    for _ in range(DEEPEST + 50):
        value = [value]
    assert TOO_DEEP in json.dumps(body(value)) and EMAIL not in json.dumps(body(value))


@pytest.mark.parametrize(
    "hostile",
    ["a@" * 50_000, "1" * 100_000, "1 " * 50_000, "sk-" * 33_000, "://a:b@x.co " * 8_000, "://a:b@" * 14_000],
)
def test_hostile_texts_take_no_longer_than_others_of_their_length(hostile: str) -> None:
    """Nothing here is quadratic: at 100 KB that would be minutes, and the test would run out of time."""
    for text in (hostile, hostile[::-1]):
        redactor(kinds=frozenset(KINDS)).text(text)


@given(st.text(alphabet=st.sampled_from('a1@. -+()sk_:/{}[]"\\eyJ邮箱１\ud800'), max_size=200))
def test_any_text_is_redacted_and_then_has_nothing_more_to_find(text: str) -> None:
    once = redactor(kinds=frozenset(KINDS)).text(text)
    assert redactor(kinds=frozenset(KINDS)).text(once) == once


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30) | st.just(EMAIL),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_no_json_keeps_the_address(value: Any) -> None:
    redacted, is_changed = redactor().body(value)
    assert EMAIL not in json.dumps(redacted)
    assert is_changed or redacted is value
