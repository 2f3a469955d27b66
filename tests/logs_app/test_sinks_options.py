from __future__ import annotations

import pytest

from logs_app.sinks import SinkError, Target, options


def test_what_is_misspelled_is_refused_with_what_there_is() -> None:
    options.check(Target(options={"content": True}), "content", "service_name")
    with pytest.raises(SinkError, match="no option contents. Options are content, service_name"):
        options.check(Target(options={"contents": True}), "content", "service_name")
    with pytest.raises(SinkError, match="It has no options"):
        options.check(Target(options={"any": 1}))


def test_options_have_their_types() -> None:
    target = Target(options={"flag": True, "text": "a", "one": 1, "line": "a\nb"})
    assert options.flag(target, "flag", False) is True
    assert options.flag(target, "none", True) is True
    assert options.text(target, "text", "b") == "a"
    for name in ("one", "line"):
        with pytest.raises(SinkError):
            options.text(target, name, "")
    with pytest.raises(SinkError, match="true or false"):
        options.flag(target, "one", False)


@pytest.mark.parametrize("key", ["", "  ", "klíč", "a\nb"])
def test_a_key_can_be_sent(key: str) -> None:
    assert options.key(Target(api_key=" k-1 "), "a key") == "k-1"
    with pytest.raises(SinkError) as refused:
        options.key(Target(api_key=key), "a key")
    assert refused.value.field == "api_key"
