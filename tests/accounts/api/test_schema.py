"""What drf-spectacular could not see by itself; the whole of it is in tests/relay/test_openapi.py."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    from drf_spectacular.generators import SchemaGenerator

    return SchemaGenerator().get_schema(request=None, public=True)


def body(document: dict[str, Any], method: str, path: str) -> str:
    content = document["paths"][path][method]["requestBody"]["content"]
    return content["application/json"]["schema"]["$ref"].rpartition("/")[2]


def answer(document: dict[str, Any], method: str, path: str, status: str) -> str:
    content = document["paths"][path][method]["responses"][status]["content"]
    return content["application/json"]["schema"]["$ref"].rpartition("/")[2]


def test_put_is_as_partial_as_patch(document):
    for path in ("/manage/projects/{id}", "/manage/tokens/{id}", "/admin/api-keys/{id}"):
        assert body(document, "put", path) == body(document, "patch", path)
        assert body(document, "put", path).startswith("Patched")


def test_answers_are_those_of_the_action(document):
    assert answer(document, "post", "/manage/tokens", "201") == "NewToken"
    assert answer(document, "post", "/manage/credentials/{id}/rotate", "200") == "NewCredential"
    assert answer(document, "put", "/admin/v1/credentials/{id}", "200") == "V1Updated"
    assert answer(document, "get", "/manage/tokens/{id}", "200") == "Token"


def test_filters_are_parameters_of_lists_only(document):
    def names(path: str) -> set[str]:
        return {parameter["name"] for parameter in document["paths"][path]["get"]["parameters"]}

    assert {"cursor", "page_size", "search", "project_id", "status"} <= names("/manage/tokens")
    assert names("/manage/tokens/{id}") == {"id"}


def test_bodies_are_json_only(document):
    for operations in document["paths"].values():
        for operation in operations.values():
            assert set(operation.get("requestBody", {}).get("content", {})) <= {"application/json"}


def test_the_ways_in_are_a_bearer_and_a_session(document):
    schemes = document["components"]["securitySchemes"]
    assert (schemes["bearer"]["scheme"], schemes["cookieAuth"]["name"]) == ("bearer", "relay_session")
    assert len(schemes) == 2


@pytest.mark.parametrize(
    ("path", "tag"),
    [
        ("/manage/projects", "Projects"),
        ("/manage/audit/{id}", "Audit"),
        ("/admin/api-keys", "Earlier systems"),
    ],
)
def test_operations_are_sorted_by_what_they_are_about(document, path, tag):
    assert document["paths"][path]["get"]["tags"] == [tag]
