"""What is cut from a list; that it is cut for a client is in tests/relay/test_policies.py."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from logs_app.journal.journal import Journal
from proxy.exchange import Exchange
from proxy.modellists import modellist
from tests.proxy.calls import call, key, settings


def only_good(model: str) -> bool:
    return model.startswith("good")


def cut(document: object) -> tuple[object, int]:
    kept, hidden = modellist.cut(orjson.dumps(document), only_good)
    return orjson.loads(kept), hidden


def test_models_that_are_not_allowed_are_taken_out_and_counted() -> None:
    models = [{"id": "good-1", "object": "model", "x": {"y": [1.5, None]}}, {"id": "evil"}, {"id": "good-2"}]
    expected = {"object": "list", "data": [models[0], models[2]], "more": "kept"}
    assert cut({"object": "list", "data": models, "more": "kept"}) == (expected, 1)


@pytest.mark.parametrize("model", ["evil", 5, None, {"name": "good-1"}, {"id": 1}, ["good-1"]])
def test_what_has_no_allowed_name_is_taken_out(model: object) -> None:
    assert cut({"data": [model]}) == ({"data": []}, 1)


def test_the_marks_of_anthropics_pages_name_no_hidden_model() -> None:
    models = [{"id": "evil-1"}, {"id": "good-1"}, {"id": "good-2"}, {"id": "evil-2"}]
    found, hidden = cut({"data": models, "first_id": "evil-1", "last_id": "evil-2", "has_more": True})
    assert hidden == 2
    assert found == {"data": models[1:3], "first_id": "good-1", "last_id": "good-2", "has_more": True}


@pytest.mark.parametrize(
    ("method", "path", "is_list"),
    [
        ("GET", "/v1/models", True),
        ("GET", "/v1/models/", True),
        ("GET", "/v1/models%2F", True),
        ("GET", "/v1/Models", True),
        ("GET", "/v1/openai/models", True),
        ("GET", "/v1/engines", True),
        ("GET", "/v1/models/models", False),
        ("POST", "/v1/models", False),
        ("GET", "/v1/files", False),
    ],
)
async def test_a_list_is_cut_wherever_it_is_asked_for(
    tmp_path: Path, method: str, path: str, is_list: bool
) -> None:
    journal = Journal(tmp_path, "node", ["master"], fsync_ms=0)
    exchange = Exchange(journal, call(method, path))
    exchange.key = key(models=("good-*",))
    assert modellist.is_limited(exchange, settings()) is is_list
    exchange.key = key(models=("*",))
    assert not modellist.is_limited(exchange, settings())
    journal.close()


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b"{}", b'{"data": {}}', b'{"models": [{"id": "evil"}]}']
)
def test_what_is_no_list_is_not_cut(body: bytes) -> None:
    with pytest.raises(ValueError):
        modellist.cut(body, only_good)
