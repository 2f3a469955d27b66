from __future__ import annotations

import io
from typing import Any

import pytest
from django.core.management.base import CommandError

from accounts.commandline import naming

ID = "0190a1b2-0000-7000-8000-000000000001"


class Relay:
    """In the place of a gateway: rows by name, and one by its secret."""

    def __init__(self, *ids: Any) -> None:
        self._ids = ids
        self.asked: list[str] = []

    def call(self, method: str, path: str, params: dict[str, str] | None = None) -> Any:
        self.asked.append(path)
        return {"results": [{"id": id} for id in self._ids]} if params else {"id": ID}


@pytest.mark.parametrize("text", ["7", ID, ID.upper()])
def test_an_id_is_taken_as_it_is(text: str) -> None:
    relay = Relay("other")
    assert naming.id_of(relay, "token", text) == text  # type: ignore[arg-type]
    assert relay.asked == []


@pytest.mark.parametrize("name", ["research-app", "Paper, Appendix / 2", "é"])
def test_a_name_that_one_alone_has_stands_for_its_id(name: str) -> None:
    assert naming.id_of(Relay(7), "credential", name) == "7"  # type: ignore[arg-type]


def test_a_name_that_several_have_is_refused_with_their_ids() -> None:
    with pytest.raises(CommandError, match="Several tokens have this name. Give the id of one: a, b."):
        naming.id_of(Relay("a", "b"), "token", "nightly")  # type: ignore[arg-type]


def test_what_is_no_name_may_be_a_secret() -> None:
    relay = Relay()
    assert naming.id_of(relay, "token", "sk-a_B.c~d") == ID  # type: ignore[arg-type]
    assert relay.asked == ["/manage/tokens", "/manage/tokens/sk-a_B.c~d"]


def test_a_secret_is_read_from_standard_input(monkeypatch: Any) -> None:
    relay = Relay()
    monkeypatch.setattr("sys.stdin", io.StringIO("sk-secret\n"))
    assert naming.id_of(relay, "token", "-") == ID  # type: ignore[arg-type]
    assert relay.asked == ["/manage/tokens/sk-secret"]


@pytest.mark.parametrize("text", [".", "..", "../tokens", "a/b", "a?b=c", "a%2fb", "é", "x" * 257])
def test_what_would_lead_elsewhere_is_not_sent(text: str) -> None:
    relay = Relay()
    with pytest.raises(CommandError, match="no such token"):
        naming.id_of(relay, "token", text)  # type: ignore[arg-type]
    assert relay.asked == ["/manage/tokens"]
