from __future__ import annotations

import pytest

from accounts.api.filters import is_number

LISTS = (
    "/manage/projects",
    "/manage/tokens",
    "/manage/credentials",
    "/admin/api-keys",
    "/admin/v1/credentials",
)


@pytest.mark.parametrize(
    ("path", "name", "value"),
    [
        ("/manage/projects", "is_active", "yes"),
        ("/manage/projects", "is_active", ""),
        ("/manage/projects", "search", ""),
        ("/manage/projects", "search", "x" * 501),
        ("/manage/tokens", "project_id", ""),
        ("/manage/tokens", "project_id", "shop"),
        ("/manage/tokens", "status", "dead"),
        ("/manage/tokens", "active_only", "2"),
        ("/manage/credentials", "is_enabled", "on"),
        ("/manage/credentials", "status", "dead"),
    ],
)
def test_a_value_that_cannot_be_is_an_error_and_not_everything(api, path, name, value):
    response = api.get(f"{path}?{name}={value}")
    assert (response.status_code, response.json()["error"]["param"]) == (400, name)


@pytest.mark.parametrize(
    ("query", "param", "words"),
    [
        ("nmae=shop", "nmae", "Did you mean name?"),
        ("NAME=shop", "NAME", "Did you mean name?"),
        ("page_siez=5", "page_siez", "Did you mean page_size?"),
        ("colour=red", "colour", "There are search, name, is_active, cursor, page_size."),
        ("search=a&" + "x" * 5000 + "=1", "x" * 100, "There is no such parameter."),
    ],
)
def test_a_parameter_that_no_list_has_is_an_error_and_not_everything(api, query, param, words):
    response = api.get(f"/manage/projects?{query}")
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, param)
    assert words in error["message"]


@pytest.mark.parametrize("path", LISTS)
@pytest.mark.parametrize("text", ["%", "_", "'", '"', "%25", "%F0%9F%8E%89", "\\", "-", "0"])
def test_any_text_may_be_searched_for(api, path, text):
    assert api.get(f"{path}?search={text}").status_code == 200


def test_wildcards_of_the_database_are_just_characters(api):
    api.post("/manage/projects", {"name": "shop"})
    assert api.get("/manage/projects?search=s_op").json()["results"] == []


@pytest.mark.parametrize("path", LISTS)
def test_a_nul_is_an_error(api, path):
    assert api.get(f"{path}?search=%00").status_code == 400


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0", True),
        ("42", True),
        ("9" * 18, True),
        ("9" * 19, False),
        ("-1", False),
        ("٣", False),
        ("", False),
    ],
)
def test_only_what_fits_a_column_is_a_number(text, expected):
    assert is_number(text) is expected
