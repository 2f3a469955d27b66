from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from django.conf import settings
from django.core.management import call_command
from django.urls import get_resolver

YAML = settings.BASE_DIR / "docs" / "openapi.yaml"
METHODS = ("get", "post", "put", "patch", "delete")


@pytest.fixture
def document(client) -> dict[str, Any]:
    response = client.get("/openapi.json")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    return response.json()


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, item in document["paths"].items():
        for method in METHODS:
            if method in item:
                yield f"{method} {path}", item[method]


def properties(name: str, schema: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    for key, value in schema.get("properties", {}).items():
        yield f"{name}.{key}", value
        yield from properties(f"{name}.{key}", value)


def test_the_description_is_valid_and_makes_no_warning(tmp_path):
    call_command("spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "openapi.yaml"))


def test_the_documents_have_the_newest_description(tmp_path):
    call_command("spectacular", file=str(tmp_path / "openapi.yaml"))
    newest = (tmp_path / "openapi.yaml").read_text()
    assert YAML.read_text() == newest, "write it anew: manage.py spectacular --file docs/openapi.yaml"


def test_what_is_served_is_what_is_documented(document):
    assert document == yaml.safe_load(YAML.read_text())


def test_every_operation_and_every_parameter_is_described(document):
    silent = []
    for name, operation in operations(document):
        silent += [name] if not (operation.get("summary") and operation.get("description")) else []
        silent += [f"{name} {p['name']}" for p in operation.get("parameters", ()) if not p.get("description")]
    assert silent == []


def test_every_field_is_described(document):
    schemas = document["components"]["schemas"]
    named = [pair for name, schema in schemas.items() for pair in properties(name, schema)]
    assert len(named) > 100
    assert [name for name, schema in named if not schema.get("description")] == []


def test_no_operation_hides_its_errors(document):
    for name, operation in operations(document):
        assert {"401", "429", "503"} <= set(operation["responses"]), name
        assert ("404" in operation["responses"]) or "{" not in name, name


def test_every_operation_but_the_logins_wants_somebody(document):
    open_ones = [name for name, operation in operations(document) if {} in operation["security"]]
    assert open_ones == ["post /admin/login", "post /admin/login/refresh"]


def test_paths_stand_there_without_their_last_slash(document):
    assert [path for path in document["paths"] if path.endswith("/")] == []


def test_every_route_of_the_api_is_there(document):
    def routes(patterns: Any, prefix: str = "") -> Iterator[str]:
        for pattern in patterns:
            text = prefix + str(pattern.pattern)
            if hasattr(pattern, "url_patterns"):
                yield from routes(pattern.url_patterns, text)
            elif hasattr(pattern.callback, "cls"):
                yield re.sub(r"\(\?P<\w+>.*?\)", "{id}", text.replace("^", "").replace("[^/]+", ".")).rstrip(
                    "$?/"
                )

    routed = {f"/{route}" for route in routes(get_resolver().url_patterns)}
    described = {re.sub(r"\{\w+\}", "{id}", path) for path in document["paths"]}
    assert routed == described


def test_every_body_refuses_what_it_does_not_know(document):
    schemas = document["components"]["schemas"]
    for name, operation in operations(document):
        for content in operation.get("requestBody", {}).get("content", {}).values():
            schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
            assert schema["additionalProperties"] is False, name


@pytest.mark.django_db
def test_every_list_refuses_a_parameter_that_it_does_not_know(document, client, settings):
    settings.MANAGEMENT_TOKEN = "mt-to-ask-with-0123456789"
    headers = {"authorization": f"Bearer {settings.MANAGEMENT_TOKEN}"}
    lists = [
        name.partition(" ")[2]
        for name, operation in operations(document)
        if name.startswith("get /") and "{" not in name and operation.get("parameters")
    ]
    assert len(lists) >= 16
    for path in lists:
        response = client.get(path, {"modle": "gpt-4o"}, headers=headers)
        assert (path, response.status_code) == (path, 400)
        assert response.json()["error"]["param"] == "modle"


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/docs", "/docs/", "/openapi.json", "/openapi.json/"])
def test_both_open_without_a_login_and_without_a_redirect(client, path):
    assert client.get(path).status_code == 200


def test_the_page_obeys_the_policy_for_content(client):
    response = client.get("/docs")
    page = response.content.decode()
    assert "'unsafe" not in response["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\bon\w+=|javascript:|style=", page)
    assert not re.search(r"(?:src|href)=\"(?:https?:)?//", page)


def test_all_that_the_page_loads_is_here(relay_server):
    with httpx.Client(base_url=relay_server.url, timeout=30) as browser:
        links = re.findall(r'(?:src|href)="([^"]+)"', browser.get("/docs").text)
        assert len(links) >= 5
        assert {link: browser.get(link).status_code for link in links} == dict.fromkeys(links, 200)


def test_the_page_names_the_csrf_cookie_of_the_settings():
    script = Path(settings.BASE_DIR, "relay/static/relay/docs.js").read_text()
    assert f"{settings.CSRF_COOKIE_NAME}=" in script and "X-CSRFToken" in script
