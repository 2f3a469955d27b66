"""Own rules over the management API and in the admin."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from django.test import Client

from accounts.audit.events import AuditEvent
from accounts.models import Project
from logs_app.models import LogSettings, RedactionRule
from logs_app.redaction import policy, rules
from logs_app.redaction.kinds import USUAL
from tests.accounts.api.conftest import API
from tests.logs_app.records import add_record

URL = "/manage/redaction-rules"
STAFF = {"name": "staff", "label": "EMPLOYEE", "pattern": r"EMP-\d{5}"}
FORM = STAFF | {"action": "redact", "project": "", "is_enabled": "on"}

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def fresh_policy() -> None:
    policy.forget()


@pytest.fixture
def api(db: None, client: Client) -> API:
    return API(client)


def ask_about_staff() -> Any:
    return add_record(
        request=orjson.dumps(
            {"messages": [{"role": "user", "content": "Who is EMP-12345, he of joe@example.com?"}]}
        )
    )


def test_a_rule_is_created_shown_changed_and_deleted(api: API) -> None:
    made = api.post(URL, STAFF)
    assert made.status_code == 201
    rule = made.json()
    assert rule.items() >= (STAFF | {"action": "redact", "project_id": None, "is_enabled": True}).items()
    path = f"{URL}/{rule['id']}"
    assert api.get(URL).json()["results"] == [api.get(path).json()]
    assert api.patch(path, {"is_enabled": False}).json()["is_enabled"] is False
    assert [api.delete(path).status_code for _ in range(2)] == [204, 204]
    actions = set(AuditEvent.objects.values_list("action", flat=True))
    assert actions >= {f"redactionrule.{verb}" for verb in ("create", "update", "delete")}


def test_who_is_to_be_forgotten_is_not_written_into_the_audit_trail(api: API, admin_client: Client) -> None:
    """Nobody may edit it; that the pattern changed, and changed back, is still seen."""
    path = f"{URL}/{api.post(URL, STAFF | {'pattern': 'anna muster'}).json()['id']}"
    api.patch(path, {"pattern": "a.muster"})
    api.patch(path, {"pattern": "anna muster"})
    rule = RedactionRule.objects.get()
    admin_client.post(f"/admin/logs_app/redactionrule/{rule.pk}/change/", FORM | {"pattern": "muster"})
    api.delete(path)
    events = list(AuditEvent.objects.filter(target_kind="redactionrule").order_by("seq"))
    assert len(events) == 5 and not any("muster" in f"{event.before}{event.after}" for event in events)
    before = [orjson.loads(event.before or "{}").get("pattern") for event in events]
    after = [orjson.loads(event.after or "{}").get("pattern") for event in events]
    assert before[1:] == after[:-1]
    assert after[0] == after[2] and len({*after[:-1]}) == 3


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"pattern": "(a"}, "pattern"),
        ({"pattern": "a*"}, "pattern"),
        ({"label": "staff"}, "label"),
        ({"label": ""}, "label"),
    ],
)
def test_a_rule_that_cannot_work_is_refused_in_words(api: API, values: dict[str, str], field: str) -> None:
    answer = api.post(URL, STAFF | values)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] == field
    assert not RedactionRule.objects.exists()


def test_a_change_is_judged_with_what_stays(api: API) -> None:
    rule = api.post(URL, {"name": "ours", "action": "allow", "pattern": "a@b.co"}).json()
    assert api.patch(f"{URL}/{rule['id']}", {"action": "redact"}).status_code == 400


def test_a_rule_shows_what_it_would_find_and_hides_it(api: API) -> None:
    record = ask_about_staff()
    rule = api.post(URL, STAFF | {"is_enabled": False}).json()
    answer = api.post(f"{URL}/{rule['id']}/try", {"records": 10}).json()
    match = {"record_id": str(record.pk), "label": "EMPLOYEE", "masked": "E•••••••• (9)"}
    assert (answer["seen"], answer["changed"]) == (1, 1)
    assert answer["matches"][0].items() >= match.items()
    assert "[EMPLOYEE_1]" in answer["matches"][0]["context"] and "EMP-12345" not in str(answer)


def test_the_policy_follows_settings_projects_and_rules() -> None:
    careful = Project.objects.create(name="careful", redact_logs=True)
    careless = Project.objects.create(name="careless", redact_logs=False)
    RedactionRule.objects.create(**STAFF, project=careful)
    assert policy.redactor_for("") is None and policy.redactor_for(str(careless.pk)) is None
    redactor = policy.redactor_for(str(careful.pk))
    assert redactor is not None and redactor.text("EMP-12345") == "[EMPLOYEE_1]"
    LogSettings.objects.create(redact_logs=True, redacted_kinds=["EMAIL"])
    policy.forget()
    redactor = policy.redactor_for("")
    assert (
        redactor is not None
        and redactor.text("EMP-12345 13812345678 a@b.co") == "EMP-12345 13812345678 [EMAIL_1]"
    )
    assert policy.redactor_for(str(careless.pk)) is None


def test_the_policy_reads_one_row_while_nothing_is_changed(django_assert_num_queries: Any) -> None:
    LogSettings.objects.create()  # a version to compare with
    policy.redactor_for("")
    with django_assert_num_queries(1):
        assert policy._source() is policy._source.policy


def test_a_rule_written_past_the_forms_keeps_records_from_being_stored(caplog: Any) -> None:
    LogSettings.objects.create(redact_logs=True)
    RedactionRule.objects.create(name="broken", label="X", pattern="(")
    redactor = policy.redactor_for("")
    assert "Rule broken: The pattern cannot be used" in caplog.text
    assert redactor is not None
    with pytest.raises(rules.Unusable):
        redactor.text("anything at all")


def test_a_rule_is_made_in_the_admin_and_refused_in_words_there(admin_client: Client) -> None:
    page = admin_client.post("/admin/logs_app/redactionrule/add/", FORM | {"pattern": "(a"})
    assert "The pattern cannot be used: missing )" in page.content.decode()
    assert admin_client.post("/admin/logs_app/redactionrule/add/", FORM).status_code == 302
    assert RedactionRule.objects.get().label == "EMPLOYEE"


def test_the_admin_tries_rules_on_records(admin_client: Client) -> None:
    ask_about_staff()
    rule = RedactionRule.objects.create(**STAFF)
    data = {"action": "attempt", "_selected_action": [rule.pk]}
    page = admin_client.post("/admin/logs_app/redactionrule/", data).content.decode()
    assert "1 of the 1 newest records would change." in page
    assert "[EMPLOYEE_1]" in page and "EMP-12345" not in page


def test_the_settings_have_a_page_of_their_own(admin_client: Client) -> None:
    where = admin_client.get("/admin/logs_app/logsettings/")
    assert where.status_code == 302
    page = admin_client.get(where["location"]).content.decode()
    assert "EMAIL: e-mail addresses" in page
    form = {"redact_logs": "on", "payload_days": "7", "metadata_days": "", "redacted_kinds": sorted(USUAL)}
    admin_client.post(where["location"], form)
    row = LogSettings.objects.get()
    assert (row.redact_logs, row.redacted_kinds, row.metadata_days) == (True, None, None)
    admin_client.post(where["location"], form | {"redacted_kinds": ["EMAIL", "IP"]})
    assert sorted(LogSettings.objects.get().redacted_kinds) == ["EMAIL", "IP"]
