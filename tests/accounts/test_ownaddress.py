from __future__ import annotations

from typing import Any

from django.test import RequestFactory

from accounts.ownaddress import base_url


def test_it_is_where_the_question_came_to(settings: Any) -> None:
    settings.PROXY_BASE_URL, settings.ALLOWED_HOSTS = "", ["relay.test"]
    request = RequestFactory().get("/admin/", HTTP_HOST="relay.test:8000")
    assert base_url(request) == "http://relay.test:8000"


def test_where_it_is_told_its_address_that_is_taken(settings: Any) -> None:
    settings.PROXY_BASE_URL = "https://llm.example.com/v1/"
    assert base_url(RequestFactory().get("/")) == "https://llm.example.com"
