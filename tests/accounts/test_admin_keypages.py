"""Lists and pages of keys: what they show, to whom, how fast and how small."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.audit.audit import Actor
from accounts.models import AuditEvent, Credential, Project, WitheringToken
from accounts.secrets import issuing, keys
from accounts.tokens import quota, tokens
from tests.accounts.admin_pages import CREDENTIALS, PROJECTS, TOKENS, act, has_inline_code, shown_secret, text

pytestmark = pytest.mark.django_db

ME = Actor("command", "tests")
HOSTILE = '"><script>alert(1)</script>{{ 7*7 }}'
MOST_BYTES = 100_000


@pytest.fixture
def project() -> Project:
    return Project.objects.create(name="Shop", upstream_key="sk-of-the-project")


@pytest.fixture
def key(project: Project) -> Credential:
    row = Credential(name="app", project=project, rate_limit_per_minute=100, tokens_per_minute=0)
    issuing.issue(row)
    row.save()
    return row


def make(project: Project, hours: float = 10, **values: Any) -> WitheringToken:
    token = tokens.create(project, ME, lifetime={"duration_hours": 20}, **values)[0]
    created = timezone.now() - timedelta(hours=20 - hours)
    WitheringToken.objects.filter(pk=token.pk).update(
        created_at=created, expires_at=created + timedelta(hours=20)
    )
    return token


def viewer(client: Client, *models: str) -> Client:
    user = User.objects.create_user("ada", password="x", is_staff=True)
    names = [f"view_{model}" for model in models]
    user.user_permissions.set(Permission.objects.filter(codename__in=names))
    client.force_login(user)
    return client


def test_a_list_shows_what_is_left_of_time_and_requests(admin_client: Client, project: Project) -> None:
    token = make(project, hours=1.5, max_requests=500)
    for _ in range(3):
        quota.take(token.pk, 500)
    page = admin_client.get(TOKENS)
    assert "1 h 29 min left" in text(page) and "497 of 500 left" in text(page) and "ends soon" in text(page)
    assert page.content.count(b"<progress") == 2
    assert not has_inline_code(page)


def test_tabs_count_the_states_and_keep_what_else_is_asked(admin_client: Client, project: Project) -> None:
    make(project, hours=1)
    tokens.revoke(make(project), ME)
    make(Project.objects.create(name="Other"))
    page = admin_client.get(TOKENS, {"project": str(project.pk), "q": ""})
    assert "All 2 Active 1 Ends soon 1 Revoked 1" in text(page)
    assert f"?project={project.pk}&amp;q=&amp;status=revoked" in page.content.decode()


@pytest.mark.parametrize("address", [TOKENS, CREDENTIALS, PROJECTS])
def test_an_empty_list_says_what_it_is_for(admin_client: Client, address: str) -> None:
    page = admin_client.get(address)
    assert "yet" in text(page) and f'href="{address}add/"' in page.content.decode()
    looking = viewer(Client(), "witheringtoken", "credential", "project").get(address)
    assert "yet" in text(looking) and f"{address}add/" not in looking.content.decode()


def test_a_search_without_a_find_leads_back(admin_client: Client, project: Project, key: Credential) -> None:
    for address in (TOKENS, CREDENTIALS, PROJECTS):
        make(project)
        assert "Nothing matches" in text(admin_client.get(address, {"q": "nobody is called this"}))


def test_a_key_page_tells_its_limits_and_what_is_left_of_them(admin_client: Client, key: Credential) -> None:
    page = text(admin_client.get(f"{CREDENTIALS}{key.pk}/change/"))
    assert "100 requests a minute" in page and "100 of 100 left now" in page
    assert "0 model tokens a minute" in page and "blocks every call" in page


def test_a_key_page_tells_why_it_is_refused(admin_client: Client, project: Project) -> None:
    token = make(project, max_requests=1)
    quota.take(token.pk, 1)
    assert "all its requests are used" in text(admin_client.get(f"{TOKENS}{token.pk}/change/"))


def test_a_project_page_has_its_keys_and_leads_to_new_ones(
    admin_client: Client, project: Project, key: Credential
) -> None:
    token = make(project, name="ci")
    Project.objects.update(policy={"allowed_methods": ["POST"]}, allowed_models=["gpt-4o*"])
    page = admin_client.get(f"{PROJECTS}{project.pk}/change/")
    for words in ("sk-of…", "Only these methods: POST.", "gpt-4o*", "ci", "app", token.prefix):
        assert words in text(page)
    assert f"{TOKENS}add/?project={project.pk}" in page.content.decode()
    assert f"/admin/logs_app/logrecord/?project={project.pk}" in page.content.decode()
    assert not has_inline_code(page)


def test_a_new_token_begins_with_the_project_one_came_from(admin_client: Client, project: Project) -> None:
    page = admin_client.get(f"{TOKENS}add/?project={project.pk}").content.decode()
    assert f'value="{project.pk}" selected' in page


def test_the_page_of_a_secret_has_programs_ready_to_paste(admin_client: Client, settings: Any) -> None:
    settings.PROXY_BASE_URL = "https://llm.example.com"
    page = admin_client.post(
        f"{CREDENTIALS}add/", {"name": "app", "secret": "it's a $secret", "is_enabled": "on"}
    )
    shown = page.content.decode()
    assert "data-copy-from=" in shown
    assert "https://llm.example.com/v1/models -H &#x27;Authorization: Bearer it&#x27;&quot;" in shown
    assert "api_key=&quot;it&#x27;s a $secret&quot;" in shown


def test_keys_are_extended_from_list_and_page(admin_client: Client, project: Project) -> None:
    token = make(project, hours=2)
    assert "They get more time" in text(act(admin_client, TOKENS, "extend", token.pk))
    assert "1 key lives longer" in text(
        act(admin_client, TOKENS, "extend", token.pk, by="7d", confirmed="yes")
    )
    assert "30m, 24h, 7d" in text(admin_client.post(f"{TOKENS}{token.pk}/extend/", {"by": "long"}))
    admin_client.post(f"{TOKENS}{token.pk}/extend/", {"by": "1d"})
    left = WitheringToken.objects.get().expires_at - timezone.now()
    assert timedelta(days=8) < left < timedelta(days=8, hours=3)


def test_keys_are_switched_off_and_on(admin_client: Client, key: Credential) -> None:
    assert "Switch 1 key off" in text(act(admin_client, CREDENTIALS, "disable", key.pk))
    assert "1 key is off" in text(act(admin_client, CREDENTIALS, "disable", key.pk, confirmed="yes"))
    assert Credential.objects.get().is_enabled is False
    assert "1 key is on" in text(act(admin_client, CREDENTIALS, "enable", key.pk))
    assert AuditEvent.objects.filter(action="credential.update").count() == 2


def test_all_that_fit_are_revoked_at_once(admin_client: Client, project: Project) -> None:
    shown = [make(project) for _ in range(3)]
    other = make(Project.objects.create(name="Other"))
    address = f"{TOKENS}?project={project.pk}"
    asked = act(admin_client, address, "revoke", shown[0].pk, select_across="1")
    assert "Revoke 3 tokens" in text(asked)
    assert f'action="{address}"' in asked.content.decode()
    act(admin_client, address, "revoke", shown[0].pk, select_across="1", confirmed="yes")
    assert WitheringToken.objects.get(is_active=True) == other


def test_who_may_only_look_sees_no_button_that_refuses(project: Project, key: Credential) -> None:
    token = make(project)
    client = viewer(Client(), "witheringtoken", "credential", "project")
    for address in (
        TOKENS, f"{TOKENS}{token.pk}/change/", CREDENTIALS, f"{CREDENTIALS}{key.pk}/change/", PROJECTS,
        f"{PROJECTS}{project.pk}/change/",
    ):  # fmt: skip
        page = client.get(address).content.decode()
        for refused in ("rotate/", "extend/", "test-key/", "add/", 'value="revoke"', 'value="disable"'):
            assert refused not in page, (address, refused)
    assert client.post(f"{TOKENS}{token.pk}/extend/", {"by": "7d"}).status_code == 403
    assert client.post(f"{PROJECTS}{project.pk}/test-key/").status_code == 403
    assert client.get("/admin/logs_app/logrecord/").status_code == 403


def test_names_are_text_wherever_they_stand(admin_client: Client) -> None:
    project = Project.objects.create(name=HOSTILE)
    token = make(project, name=HOSTILE)
    issuing.issue(key := Credential(name=HOSTILE, project=project))
    key.save()
    for address in (
        TOKENS, f"{TOKENS}{token.pk}/change/", CREDENTIALS, f"{CREDENTIALS}{key.pk}/change/", PROJECTS,
        f"{PROJECTS}{project.pk}/change/", f"{TOKENS}{token.pk}/rotate/", f"{TOKENS}?project={project.pk}",
    ):  # fmt: skip
        assert b"<script>alert" not in admin_client.get(address).content
    asked = act(admin_client, TOKENS, "revoke", token.pk)
    assert b"<script>alert" not in asked.content and "{{ 7*7 }}" in asked.content.decode()
    rotated = act(admin_client, TOKENS, "rotate_secrets", token.pk, grace="0", run="r")
    assert shown_secret(rotated) and b"<script>alert" not in rotated.content


def test_lists_cost_the_same_however_long_they_are(admin_client: Client, project: Project) -> None:
    for address in (TOKENS, CREDENTIALS, PROJECTS):
        counts = []
        for _ in range(2):
            for n in range(3):
                make(project, max_requests=n)
                issuing.issue(row := Credential(name=keys.generate(), project=project))
                row.save()
                Project.objects.create(name=keys.generate())
            with CaptureQueriesContext(connection) as counted:
                admin_client.get(address)
            counts.append(len(counted))
        assert counts[0] == counts[1], address


def test_ten_thousand_tokens_make_a_page_of_fifty(admin_client: Client, project: Project) -> None:
    now = timezone.now()
    WitheringToken.objects.bulk_create(
        WitheringToken(
            project=project, name=f"token {n}", digest=keys.digest(str(n)), prefix="sk-0123…",
            expires_at=now + timedelta(hours=n), max_requests=n,
        )
        for n in range(10_000)
    )  # fmt: skip
    page = admin_client.get(TOKENS)
    assert len(page.content) < MOST_BYTES
    assert "All 10,000" in text(page) or "All 10000" in text(page)
    assert len(admin_client.get(PROJECTS).content) < MOST_BYTES
    assert len(admin_client.get(f"{PROJECTS}{project.pk}/change/").content) < MOST_BYTES


def test_a_secret_that_somebody_found_leads_to_its_owner(admin_client: Client, project: Project) -> None:
    row = Credential(name="leaked", project=project)
    secret = issuing.issue(row)
    row.save()
    token, found = tokens.create(project, ME, name="withering", lifetime={"duration_hours": 1})
    assert "leaked" in text(admin_client.get(CREDENTIALS, {"q": secret}))
    assert "withering" in text(admin_client.get(TOKENS, {"q": found}))
    assert "leaked" not in text(admin_client.get(CREDENTIALS, {"q": found}))
