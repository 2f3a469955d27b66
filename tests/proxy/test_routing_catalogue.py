from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.configuration.configuration import Provider, Route, Settings, Snapshot
from proxy.errors import RelayError
from proxy.request import endpoints
from proxy.routing.catalogue import Candidate, Catalogue

CHAT, MESSAGES, EMBEDDINGS = map(endpoints.find, ("/v1/chat/completions", "/v1/messages", "/v1/embeddings"))


def provider(id: int, mapping: dict[str, Any] | None = None, **given_: Any) -> Provider:
    made = Provider(id, f"p{id}", "openai", "https://x.test", "sk-up", model_mapping=mapping or {})
    return replace(made, **given_)


def asked(providers: list[Provider], model: str | None, **given_: Any) -> list[tuple[int, str | None]]:
    endpoint = given_.pop("endpoint", CHAT)
    found = Catalogue(tuple(providers)).candidates(model, endpoint, **given_)
    return [(candidate.provider.id, candidate.model) for candidate in found]


def why(providers: list[Provider], model: str | None = "m", **given_: Any) -> RelayError:
    catalogue = Catalogue(tuple(providers))
    endpoint = given_.pop("endpoint", CHAT)
    assert not catalogue.candidates(model, endpoint, **given_)
    return catalogue.why_none(model, endpoint, given_.get("route"))


def test_those_that_serve_a_model_are_named_in_order_with_their_name_of_it() -> None:
    several = [provider(1, {"m": "one"}), provider(2), provider(3, {"n": "x"}), provider(4, {"m*": "four*"})]
    assert asked(several, "m") == [(1, "one"), (2, "m"), (4, "four")]
    assert asked(several, "other") == [(2, "other")]
    assert asked(several, None) == [(1, None), (2, None), (3, None), (4, None)]


def test_a_route_an_endpoint_and_a_stream_narrow_them() -> None:
    several = [provider(1, endpoints=("chat",)), provider(2, supports_streaming=False), provider(3)]
    route = Route("r", "/r", frozenset({2, 3}))
    assert asked(several, "m", route=route) == [(2, "m"), (3, "m")]
    assert asked(several, "m", is_streaming=True) == [(1, "m"), (3, "m")]
    assert asked(several, "m", endpoint=EMBEDDINGS) == [(2, "m"), (3, "m")]


def test_an_endpoint_without_a_name_of_its_own_is_judged_by_its_path() -> None:
    several = [provider(1, endpoints=("rerank",)), provider(2, endpoints=("chat/completions",))]
    assert asked(several, "m", endpoint=endpoints.find("/v1/rerank")) == [(1, "m")]


def test_a_model_that_cannot_stream_is_not_asked_to() -> None:
    one = provider(1, {"m": {"supports_streaming": False}})
    assert asked([one, provider(2)], "m", is_streaming=True) == [(2, "m")]
    assert asked([one], "m") == [(1, "m")]


def test_calls_go_to_providers_of_their_own_protocol_where_there_are_any() -> None:
    both = [provider(1), provider(2, provider_type="anthropic")]
    assert asked(both, "m", endpoint=MESSAGES) == [(2, "m")]
    assert asked(both, "m") == [(1, "m")]
    assert asked(both[:1], "m", endpoint=MESSAGES) == [(1, "m")]
    assert asked([provider(3, endpoints=("messages",)), *both], "m", endpoint=MESSAGES) == [
        (3, "m"),
        (2, "m"),
    ]


def test_what_cannot_be_used_is_left_out() -> None:
    several = [
        provider(1, error="No."),
        provider(2, api_key=""),
        provider(3, provider_type="nope"),
        provider(4),
    ]
    assert asked(several, "m") == [(4, "m")]
    keyless = provider(5, api_key="", params={"authentication": "none"})
    assert asked([keyless], "m") == [(5, "m")]


@pytest.mark.parametrize(
    ("providers", "given_", "status", "code"),
    [
        ([], {}, 503, "no_provider"),
        ([provider(1)], {"route": Route("r", "/r", frozenset({7}))}, 503, "no_provider"),
        ([provider(1, {"n": "n"})], {}, 404, "model_not_found"),
        ([provider(1, endpoints=("chat",))], {"endpoint": EMBEDDINGS}, 404, "endpoint_not_found"),
        ([provider(1, provider_type="anthropic")], {}, 404, "endpoint_not_found"),
        ([provider(1, supports_streaming=False)], {"is_streaming": True}, 400, "streaming_not_supported"),
        ([provider(1, api_key="")], {}, 503, "provider_key_missing"),
        ([provider(1, error="Broken.")], {}, 503, "provider_unusable"),
        ([provider(1, {"(?=x)": "y"})], {}, 503, "provider_unusable"),
        ([provider(1, provider_type="no.such.Type")], {}, 503, "provider_unusable"),
    ],
)
def test_an_empty_answer_has_its_reason(
    providers: list[Provider], given_: dict[str, Any], status: int, code: str
) -> None:
    error = why(providers, **given_)
    assert (error.status, error.code) == (status, code)


def test_one_provider_can_be_asked_about_alone() -> None:
    catalogue, own = Catalogue((provider(1),)), provider(9, {"m": "mine"})
    assert catalogue.candidate(own, "m", CHAT).model == "mine"
    with pytest.raises(RelayError, match="model 'x'"):
        catalogue.candidate(own, "x", CHAT)
    with pytest.raises(RelayError, match="streams"):
        catalogue.candidate(replace(own, supports_streaming=False), "m", CHAT, is_streaming=True)


def test_a_question_is_remembered_and_a_flood_of_names_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("proxy.routing.catalogue._REMEMBERED_CANDIDATES", 100)
    catalogue = Catalogue((provider(1),))
    assert catalogue.candidates("m", CHAT) is catalogue.candidates("m", CHAT)
    for at in range(200):
        catalogue.candidates(f"m{at}", CHAT)
    assert len(catalogue._known) <= 20
    catalogue.candidates("x" * 1000, CHAT)
    assert all(len(question[0]) < 1000 for question in catalogue._known)
    assert catalogue.candidates("m", CHAT) == (Candidate(provider(1), "m"),)


MAPPINGS = st.dictionaries(
    st.text("ab*", min_size=1, max_size=4) | st.sampled_from(["a(b|c).*", "[ab]+", "b.+"]), st.just("x")
)


@given(st.lists(MAPPINGS, max_size=6), st.text("abc", min_size=1, max_size=5))
def test_the_index_finds_what_asking_everybody_finds(mappings: list[dict[str, str]], model: str) -> None:
    providers = [provider(at, each) for at, each in enumerate(mappings)]
    one_by_one = [found for each in providers for found in asked([each], model)]
    assert asked(providers, model) == one_by_one


def test_a_snapshot_keeps_its_catalogue_as_long_as_its_providers() -> None:
    snapshot = Snapshot(1, {}, (provider(1),), Settings("", 5, 20, 20, None, True))
    first = snapshot.catalogue
    assert snapshot.catalogue is first
    assert replace(snapshot, version=2).catalogue is first
    assert replace(snapshot, providers=(provider(1), provider(2))).catalogue is not first
