"""The aliases live among the admin's pages: neither may hide the other."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.urls import resolve, reverse

from accounts.api.urls import router

LISTS = [f"/{prefix}" for prefix, _, _ in router.registry]
POSTS = ["/admin/login", "/admin/login/refresh", "/admin/v1/auth/validate"]
METHODS = ("get", "post", "put", "patch", "delete", "options", "trace")


@pytest.mark.parametrize("path", [*LISTS, *(f"{path}/1" for path in LISTS), *POSTS])
@pytest.mark.parametrize("slash", ["", "/"])
def test_every_path_of_the_api_answers_json_with_and_without_its_last_slash(api, path, slash):
    method = api.post if path in POSTS else api.get
    response = method(path + slash)
    assert response.status_code in (200, 400, 404), response.content
    assert response["Content-Type"] == "application/json"


@pytest.mark.parametrize("path", [*LISTS, *(f"{path}/1" for path in LISTS)])
@pytest.mark.parametrize("method", METHODS)
def test_every_path_wants_somebody_whatever_the_method(anonymous, path, method):
    assert getattr(anonymous, method)(path).status_code == 401


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("method", ["put", "patch", "delete", "trace", "options"])
def test_what_a_path_does_not_do_is_405_and_says_what_it_does(api, path, method):
    response = getattr(api, method)(path)
    assert response.status_code == 405
    assert "GET" in response["Allow"] and method.upper() not in response["Allow"].replace("OPTIONS", "")
    assert response.json()["error"]["code"] == "method_not_allowed"


def pages() -> list[str]:
    admin.autodiscover()
    named = [f"{model._meta.app_label}_{model._meta.model_name}" for model in admin.site._registry]
    lists = [reverse(f"admin:{name}_changelist") for name in named]
    forms = [reverse(f"admin:{name}_add") for name in named]
    apps = {reverse("admin:app_list", args=[model._meta.app_label]) for model in admin.site._registry}
    others = [reverse(f"admin:{name}") for name in ("index", "password_change", "jsi18n")]
    return [*others, *sorted(apps), *lists, *forms]


@pytest.mark.parametrize("path", pages())
def test_every_page_of_the_admin_opens(admin_client: Any, path: str):
    model_admin = getattr(resolve(path).func, "model_admin", None)
    is_closed = path.endswith("/add/") and not model_admin.has_add_permission(_request(admin_client))
    response = admin_client.get(path, follow=True, headers={"accept": "text/html"})
    assert response.status_code == (403 if is_closed else 200)
    assert response["Content-Type"].startswith(("text/html", "text/javascript"))


def _request(client: Any) -> Any:
    return client.get("/admin/").wsgi_request


def test_the_way_out_of_the_admin_leads_out(admin_client):
    assert admin_client.post("/admin/logout/").status_code == 200
    assert admin_client.get("/admin/").status_code == 302


def test_what_is_neither_is_not_found(admin_client, api):
    assert admin_client.get("/admin/v1/nothing").status_code == 404
    assert api.get("/manage/nothing").status_code == 404
