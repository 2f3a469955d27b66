from __future__ import annotations

from tests.proxy.processors.steps import take


def test_parameters_are_set_whatever_the_caller_says() -> None:
    assert take("set_params", "", {"temperature": 0.2}, {"temperature": 1, "n": 1}) == {
        "temperature": 0.2,
        "n": 1,
    }


def test_parameters_may_be_defaults_only() -> None:
    settings = {"temperature": 0.2, "top_p": 0.9}
    assert take("set_params", "if_missing", settings, {"temperature": 1}) == {"temperature": 1, "top_p": 0.9}


def test_parameters_are_dropped() -> None:
    assert take("drop_params", " user, logprobs ,", {}, {"user": "a", "n": 1}) == {"n": 1}


def test_another_case_is_no_way_past_them() -> None:
    assert take("set_params", "", {"max_tokens": 5}, {"Max_Tokens": 9, "n": 1}) == {"n": 1, "max_tokens": 5}
    assert take("set_params", "if_missing", {"max_tokens": 5}, {"Max_Tokens": 9}) == {"Max_Tokens": 9}
    assert take("drop_params", "user", {}, {"USER": "a"}) == {}
