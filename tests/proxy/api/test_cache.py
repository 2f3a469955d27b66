from __future__ import annotations

import pytest
from django.core.management import load_command_class

from accounts.audit.events import AuditEvent
from accounts.models import Project
from proxy.cache.board import Board
from proxy.cache.store import Counters
from proxy.configuration.loading import Loader
from proxy.models import CachePurge, Route

URL = "/manage/cache/purge"


@pytest.mark.django_db(transaction=True)
def test_an_order_reaches_every_process_with_its_next_snapshot(api):
    loader = Loader("default")
    loader.advance()
    project = Project.objects.create(name="acme")
    before = loader.advance()
    assert api.post(URL, {"project": "acme", "method": "POST", "url": "/v1/chat/completions"}).json() == {
        "deleted": 0
    }
    after = loader.advance()
    (purge,) = after.purges[len(before.purges) :]
    assert (purge.project, purge.method, purge.path) == (str(project.pk), "POST", "/v1/chat/completions")
    assert after.catalogue is before.catalogue
    event = AuditEvent.objects.filter(action="cache.purge").latest("id")
    assert '"deleted":0' in event.detail and str(project.pk) in event.detail


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 400),
        ({"method": "POST"}, 400),
        ({"all": True, "model": "gpt-4o"}, 400),
        ({"method": "BREW", "url": "/v1"}, 400),
        ({"project": "nobody"}, 404),
        ({"project": "00000000-0000-0000-0000-000000000000"}, 404),
        ({"all": True}, 200),
        ({"prefix": "/v1/"}, 200),
        ({"tag": "beta", "model": "gpt-4o"}, 200),
        ({"provider": "main"}, 200),
    ],
    ids=str,
)
def test_what_can_be_named(api, asked, status):
    assert api.post(URL, asked).status_code == status
    assert CachePurge.objects.exists() == (status == 200)


def test_off_there_is_nothing_to_purge(api, settings):
    settings.HTTP_CACHE_ENABLED = False
    refused = api.post(URL, {"all": True})
    assert refused.status_code == 400 and "HTTP_CACHE_ENABLED" in refused.json()["error"]["message"]
    assert api.get("/manage/cache").json()["enabled"] is False


def test_a_redis_that_is_away_says_so(api, settings):
    settings.HTTP_CACHE_BACKEND, settings.REDIS_CACHE_URL = "redis", "redis://127.0.0.1:1/0"
    refused = api.post(URL, {"all": True})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "unavailable")
    shown = api.get("/manage/cache").json()
    assert shown["backend"] == "redis" and shown["entries"] is None


def test_figures_are_sums_over_the_workers(api, settings, tmp_path):
    settings.DATA_DIR = tmp_path
    boards = [Board(tmp_path), Board(tmp_path)]
    for board in boards:
        board.tell(Counters(hits=2, entries=5, bytes=1000))
    shown = api.get("/manage/cache").json()
    assert (shown["workers"], shown["hits"], shown["entries"], shown["bytes"]) == (2, 4, 10, 2000)
    assert shown["hit_rate"] == 1 and shown["saved_cost"] == "0.000000000"
    for board in boards:
        board.close()


def test_the_command_asks_the_api(capsys):
    asked = []

    class Gateway:
        def call(self, method, path, **options):
            asked.append((method, path, options))
            return {"deleted": 3}

    command = load_command_class("proxy", "cache")
    parser = command.create_parser("manage.py", "cache")
    for line in (["stats"], ["purge", "--model", "gpt-4o", "--url", "/v1/models"], ["purge", "--all"]):
        options = vars(parser.parse_args(line))
        options["act"](Gateway(), options)
    assert asked == [
        ("GET", "/manage/cache", {}),
        ("POST", "/manage/cache/purge", {"json": {"url": "/v1/models", "model": "gpt-4o"}}),
        ("POST", "/manage/cache/purge", {"json": {"all": True}}),
    ]
    assert capsys.readouterr().out.splitlines()[-1] == "deleted  3"


def test_only_who_may(session, anonymous):
    assert anonymous.post(URL, {"all": True}).status_code == 401
    viewer = session("view_cachepurge")
    assert viewer.get("/manage/cache").json()["saved_cost"] is None
    assert viewer.post(URL, {"all": True}).status_code == 403


def test_who_may_purge(session):
    assert session("add_cachepurge").post(URL, {"all": True}).status_code == 200


def test_policies_of_projects_and_routes(api):
    made = api.post(
        "/manage/projects", {"name": "shop", "cache_policy": {"mode": "always", "ttl": 60}}
    ).json()
    assert made["cache_policy"] == {"mode": "always", "ttl": 60}
    path = f"/manage/projects/{made['id']}"
    assert api.patch(path, {"cache_policy": {"mode": "sometimes"}}).status_code == 400
    assert api.patch(path, {"cache_policy": None}).json()["cache_policy"] == {}
    given = {"name": "r", "path_prefix": "/v1/chat", "cache_policy": {"ttl": 5}}
    assert api.post("/manage/routes", given).json()["cache_policy"] == {"ttl": 5}
    assert api.patch("/manage/routes/r", {"cache_policy": {"scope": "shared"}}).status_code == 400
    assert api.patch("/manage/routes/r", {"cache_policy": None}).json()["cache_policy"] == {}
    assert Route.objects.get().cache_policy == {}
