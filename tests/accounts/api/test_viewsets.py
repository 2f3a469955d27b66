from __future__ import annotations

import pytest
from django.db import OperationalError

from accounts.api.projects import Projects

pytestmark = pytest.mark.django_db


def test_a_database_that_is_away_is_503_and_not_401(rf, settings):
    class Failing(Projects):
        def get_queryset(self):
            raise OperationalError("connection to 10.0.0.1 refused")

    request = rf.get("/manage/projects", headers={"authorization": f"Bearer {settings.MANAGEMENT_TOKEN}"})
    response = Failing.as_view({"get": "list"})(request)
    assert (response.status_code, response["Retry-After"]) == (503, "5")


def test_an_answer_is_put_together_by_the_serializer_of_its_action(api):
    created = api.post("/manage/credentials", {"name": "app"}).json()
    changed = api.patch(f"/manage/credentials/{created['id']}", {"name": "b"}).json()
    assert created.keys() - changed.keys() == {"key", "warning"}
