from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Credential, Project

URL = "/manage/projects"
PATHS = (URL, "/manage/credentials", "/manage/tokens", "/manage/audit")


def walk(api, path: str, step: str = "next") -> list[list[Any]]:
    pages, link = [], path
    while link:
        page = api.get(link.removeprefix("http://testserver")).json()
        pages.append([row["name"] for row in page["results"]])
        link = page[step]
        last = page
    return [*pages, last]


def test_pages_are_walked_forth_and_back(api):
    for number in range(5):
        api.post(URL, {"name": str(number)})
    *pages, last = walk(api, f"{URL}?page_size=2")
    assert pages == [["4", "3"], ["2", "1"], ["0"]]
    *back, first = walk(api, last["previous"], "previous")
    assert back == [["2", "1"], ["4", "3"]] and first["previous"] is None


def test_rows_of_one_moment_are_neither_lost_nor_doubled(api):
    Project.objects.bulk_create([Project(name=str(number)) for number in range(7)])
    Project.objects.update(created_at=timezone.now())
    *pages, _ = walk(api, f"{URL}?page_size=3")
    names = [name for page in pages for name in page]
    assert sorted(names) == [str(number) for number in range(7)]


def test_a_page_has_fifty_and_never_more_than_two_hundred(api):
    rows = [Credential(name=str(n), digest=str(n).encode(), prefix="p") for n in range(201)]
    Credential.objects.bulk_create(rows)
    sizes = [
        len(api.get(f"/manage/credentials{query}").json()["results"]) for query in ("", "?page_size=1000")
    ]
    assert sizes == [50, 200]


@pytest.mark.parametrize("size", ["0", "-1", "x", "1.5", "", "٣"])
def test_a_size_that_cannot_be_is_an_error(api, size):
    response = api.get(f"{URL}?page_size={size}")
    assert (response.status_code, response.json()["error"]["param"]) == (400, "page_size")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "cursor", ["x", "p=", "p=x", "p=2020-01-01", "p=2020-01-01 00:00", "o=-1", "p=9999999999999999999999"]
)
def test_a_cursor_that_was_made_up_is_an_error_or_an_empty_page(api, path, cursor):
    for text in (cursor, b64encode(cursor.encode()).decode()):
        response = api.get(f"{path}?cursor={text}")
        assert response.status_code in (200, 400)


def test_links_keep_the_filters(api):
    for number in range(3):
        api.post(URL, {"name": f"shop {number}"})
    assert "search=shop" in api.get(f"{URL}?search=shop&page_size=1").json()["next"]
