from __future__ import annotations

from django.test import Client


def test_an_unknown_host_is_told_what_to_set(client: Client) -> None:
    response = client.get("/admin/login/", headers={"host": "relay.example.com"})
    assert response.status_code == 400
    assert "relay.example.com" in response.text
    assert "ALLOWED_HOSTS" in response.text


def test_a_hostile_host_is_shown_as_text_and_shortened(client: Client) -> None:
    response = client.get("/admin/login/", headers={"host": "<script>" + "x" * 5000})
    assert response["content-type"] == "text/plain; charset=utf-8"
    assert len(response.text) < 600
