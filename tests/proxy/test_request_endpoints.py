from __future__ import annotations

import re

import pytest

from logs_app.finding.filters import RecordFilters
from proxy.request import endpoints

TEMPLATES = {
    "/v1/chat/completions": "/v1/chat/completions",
    "/v1/chat/completions/": "/v1/chat/completions",
    "/v1/chat/completions/chatcmpl-1": "/v1/chat/completions/{id}",
    "/v1/chat/completions/chatcmpl-1/messages": "/v1/chat/completions/{id}/messages",
    "/v1/responses/resp_1": "/v1/responses/{id}",
    "/v1/responses/resp_1/cancel": "/v1/responses/{id}/cancel",
    "/v1/responses/resp_1/input_items": "/v1/responses/{id}/input_items",
    "/v1/responses/compact": "/v1/responses/compact",
    "/v1/responses/input_tokens": "/v1/responses/input_tokens",
    "/v1/models": "/v1/models",
    "/v1/models/gpt-4o": "/v1/models/{model}",
    "/v1/models/meta/llama-3:free": "/v1/models/{model}",
    "/v1/files/file-1": "/v1/files/{id}",
    "/v1/files/file-1/content": "/v1/files/{id}/content",
    "/v1/batches/batch_1/cancel": "/v1/batches/{id}/cancel",
    "/v1/messages/count_tokens": "/v1/messages/count_tokens",
    "/v1/messages/batches/b/results": "/v1/messages/batches",
    "/v1/conversations/conv_1/items": "/v1/conversations",
    "/v1/whatever/comes/next": "/v1/*",
    "/v1": "/v1/*",
    "/v1/" + "x" * 5000: "/v1/*",
    "/v1/models/" + "x" * 5000: "/v1/models/{model}",
}


@pytest.mark.parametrize(("path", "template"), TEMPLATES.items(), ids=lambda value: value[:40])
def test_a_path_belongs_to_a_template(path: str, template: str) -> None:
    assert endpoints.find(path).template == template


def test_long_paths_are_not_remembered() -> None:
    before = endpoints._match.cache_info().currsize
    endpoints.find("/v1/" + "y" * 5000)
    assert endpoints._match.cache_info().currsize == before


def test_unknown_endpoints_take_every_method() -> None:
    assert endpoints.find("/v1/whatever").methods == frozenset()


def test_head_goes_where_get_goes() -> None:
    assert endpoints.find("/v1/models").methods == {"GET", "HEAD", "OPTIONS"}
    assert endpoints.find("/v1/embeddings").methods == {"POST", "OPTIONS"}


def test_only_chat_and_completions_can_be_asked_for_usage() -> None:
    found = {name for name, endpoint in endpoints._EXACT.items() if endpoint.reports_stream_usage}
    assert found == {"/v1/chat/completions", "/v1/completions"}


def test_the_filter_of_records_has_a_template_as_its_example() -> None:
    (example,) = re.findall("`(.+)`", str(RecordFilters().fields["endpoint"].help_text))
    assert example in TEMPLATES.values()
