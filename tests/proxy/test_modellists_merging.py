from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from accounts.secrets import keys
from proxy.configuration.configuration import Project, Route
from tests.proxy import lanes
from tests.proxy.lanes import SECRET, Lane, key, provider
from tests.proxy.peers import Peer


def listing(*names: str) -> bytes:
    body = orjson.dumps({"object": "list", "data": [{"id": name, "object": "model"} for name in names]})
    return (
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    )


def use(lane: Lane, *providers: Any, **given: Any) -> None:
    known = {keys.digest(SECRET): key(**given)}
    lane.configuration.current = replace(lane.configuration.current, providers=providers, keys=known)


async def names(lane: Lane, path: str = "/v1/models") -> list[str]:
    reply = await lane.call("GET", path)
    assert reply.status == 200
    return [model["id"] for model in reply.json["data"]]


async def test_the_list_has_what_mappings_name_and_what_providers_list(tmp_path: Path) -> None:
    async with (
        Peer(listing("a", "b", "gpt-1")) as open_,
        Peer(listing("a", "gpt-1", "x")) as patterned,
        lanes.running(tmp_path, open_.origin) as lane,
    ):
        given = {"gpt-*": "*", "o/*": "\\1", "vis": {"mapped_model": "v", "supports_vision": True}}
        use(
            lane,
            provider(open_.origin),
            provider(patterned.origin, id=2, provider_key="two", model_mapping=given),
            provider(
                "http://127.0.0.1:9", id=3, provider_key="three", model_mapping={"named": "n", "a": "z"}
            ),
        )
        reply = await lane.call("GET", "/v1/models")
        assert reply.json["object"] == "list"
        found = {model["id"]: model for model in reply.json["data"]}
        assert list(found) == ["a", "b", "gpt-1", "vis", "o/a", "o/gpt-1", "o/x", "named"]
        assert found["named"] == {"id": "named", "object": "model", "created": 0, "owned_by": "three"}
        assert found["vis"]["supports_vision"] is True
        assert (found["a"]["owned_by"], found["gpt-1"]["owned_by"]) == ("default", "default")
        await names(lane)
        assert (len(open_.requests), len(patterned.requests)) == (1, 1)
        assert lane.records()[0].closed["outcome"] == "completed"  # type: ignore[index]
        assert b"".join(lane.records()[0].parts) == reply.body


async def test_a_dead_provider_does_not_spoil_the_list(tmp_path: Path) -> None:
    async with Peer(listing("a")) as alive, lanes.running(tmp_path, alive.origin) as lane:
        use(lane, provider("http://127.0.0.1:9"), provider(alive.origin, id=2))
        assert await names(lane) == ["a"]


async def test_a_key_sees_what_it_may_use(tmp_path: Path) -> None:
    async with Peer(listing("a", "b")) as peer, lanes.running(tmp_path, peer.origin) as lane:
        use(
            lane, provider(peer.origin), provider(peer.origin, id=2, model_mapping={"c": "c"}),
            allowed_models=("a", "[cd]"),
        )  # fmt: skip
        assert await names(lane) == ["a", "c"]
        assert (await lane.call("GET", "/v1/models/b")).code == "model_not_allowed"
        assert (await lane.call("GET", "/v1/models/c")).json["id"] == "c"


async def test_one_that_maps_nothing_answers_itself(tmp_path: Path) -> None:
    async with Peer(listing("a")) as peer, lanes.running(tmp_path, peer.origin) as lane:
        reply = await lane.call("GET", "/v1/models")
        assert reply.json["data"] == [{"id": "a", "object": "model"}]
        assert reply.header("x-relay-provider") == "default"
        lane.configuration.set_provider(endpoints=("chat",), model_mapping={"m": "m"})
        assert await names(lane) == ["m"]


@pytest.mark.parametrize(
    ("name", "owner"),
    [("named", "default"), ("gpt-9", "default"), ("Proxy/named", "default"), ("other", None)],
)
async def test_one_model_is_there_if_it_can_be_called(tmp_path: Path, name: str, owner: str | None) -> None:
    async with lanes.running(tmp_path, "http://127.0.0.1:9") as lane:
        lane.configuration.set_provider(model_mapping={"named": "n", "gpt-*": "*"})
        lane.configuration.set(provider_suffix="Proxy")
        reply = await lane.call("GET", f"/v1/models/{name}")
        if owner is None:
            assert (reply.status, reply.code) == (404, "model_not_found")
        else:
            assert (reply.json["id"], reply.json["owned_by"]) == (name.removeprefix("Proxy/"), owner)
        assert (await lane.call("HEAD", f"/v1/models/{name}")).status == reply.status


async def test_a_project_with_its_own_key_and_a_route_see_their_providers(tmp_path: Path) -> None:
    async with lanes.running(tmp_path, "http://127.0.0.1:9") as lane:
        both = [
            provider("http://127.0.0.1:9", id=at, provider_key=f"p{at}", model_mapping={f"m{at}": "x"})
            for at in (1, 2)
        ]
        project = Project("p", "Shop", upstream_key="sk-own", provider_key="p2")
        use(lane, *both, project=project)
        assert await names(lane) == ["m2"]
        use(lane, *both, project=replace(project, allow_shared_providers=True))
        assert await names(lane) == ["m2", "m1"]
        use(lane, *both)
        assert await names(lane) == ["m1", "m2"]
        route = Route("r", "/v1/models", frozenset({1}))
        lane.configuration.current = replace(lane.configuration.current, routes=(route,))
        assert await names(lane) == ["m1"]


async def test_anthropics_clients_find_their_members(tmp_path: Path) -> None:
    async with lanes.running(tmp_path, "http://127.0.0.1:9") as lane:
        lane.configuration.set_provider(model_mapping={"a": "x", "b": "x"})
        reply = await lane.call("GET", "/v1/models", headers=[(b"anthropic-version", b"2023-06-01")])
        assert (reply.json["first_id"], reply.json["last_id"], reply.json["has_more"]) == ("a", "b", False)
        assert {model["type"] for model in reply.json["data"]} == {"model"}
