"""Schemathesis asks the management API everything its description allows, and much that it does not."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import schemathesis
import yaml
from django.conf import settings
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance, unsupported_method

from accounts.audit import audit
from accounts.audit.audit import Actor
from accounts.audit.events import AuditEvent
from accounts.models import Credential, Project, WitheringToken
from proxy.models import Processor, Provider, Route
from tests.logs_app.records import add_record
from tests.running import ROOT

EXAMPLES = 2
PROJECT_ID, TOKEN_ID, CREDENTIAL_ID = uuid.UUID(int=1), uuid.UUID(int=2), 1
PROVIDER_ID = PROCESSOR_ID = ROUTE_ID = 1
EXCLUDED = {
    # What no description can say (a moment has passed, a name is taken) is refused all the same.
    GenerationMode.POSITIVE: [positive_data_acceptance],
    # It asks each call twice more, with wrong credentials: once for an operation is enough.
    GenerationMode.NEGATIVE: [positive_data_acceptance, ignored_auth],
}
# The path of the admin's page too.
LOGIN = "/admin/login"

# They call providers, in the loop of a server: tests/proxy/test_replay.py, test_compare.py.
ELSEWHERE = ("/replay", "/compare")
# Not the parametrization of Schemathesis: it makes its calls while pytest collects, in every process of a
# run, and gives all operations one name, so that of those that are distributed only one is run.
DESCRIPTION = yaml.load((ROOT / "docs" / "openapi.yaml").read_bytes(), yaml.CSafeLoader)
OPERATIONS = [
    f"{method.upper()} {path}"
    for path, item in DESCRIPTION["paths"].items()
    if not path.endswith(ELSEWHERE)
    for method in item
]
limited = hypothesis.settings(
    max_examples=EXAMPLES,
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
    phases=[hypothesis.Phase.generate],
)


@pytest.fixture(scope="module")
def schema() -> Any:
    found = schemathesis.openapi.from_dict(DESCRIPTION)
    found.app = get_wsgi_application()
    return found


@pytest.fixture
def quick(settings: Any) -> Iterator[None]:
    signals = request_started, request_finished
    for signal in signals:  # as the test client does: the connection has the transaction of the test
        signal.disconnect(close_old_connections)
    settings.MANAGEMENT_RATE_LIMIT_PER_MINUTE = 1_000_000
    settings.LOGIN_FAILURE_LIMIT = 1_000_000
    yield
    for signal in signals:
        signal.connect(close_old_connections)


@pytest.mark.parametrize("mode", EXCLUDED, ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_every_answer_is_described_and_none_is_a_fault(
    schema: Any, operation: str, mode: GenerationMode, db: None, quick: None
) -> None:
    method, path = operation.split()

    @limited
    @hypothesis.given(schema[path][method].as_strategy(generation_mode=mode))
    def ask(case: Any) -> None:
        put_in_what_exists(case)
        headers = {"Authorization": f"Bearer {settings.MANAGEMENT_TOKEN}"}
        excluded = [*EXCLUDED[mode], *([unsupported_method] if path == LOGIN else [])]
        case.call_and_validate(headers=headers, excluded_checks=excluded)

    ask()


def put_in_what_exists(case: Any) -> None:
    if "id" in (case.path_parameters or {}) and is_allowed(case, ParameterLocation.PATH):
        case.path_parameters = {**case.path_parameters, "id": existing(case.operation.path)}
    if isinstance(case.body, dict) and "project_id" in case.body and is_allowed(case, ParameterLocation.BODY):
        case.body = {**case.body, "project_id": existing("/manage/projects")}


def is_allowed(case: Any, part: ParameterLocation) -> bool:
    """Whether this part of the call is one that the description allows."""
    found = case.meta.components.get(part)
    return found is not None and found.mode.is_positive


def existing(path: str) -> Any:
    """The id of something that is there, whatever the calls before have done to it; of the type that is
    described, or Schemathesis takes the call for one that must be refused.
    """
    project, _ = Project.objects.update_or_create(
        pk=PROJECT_ID, defaults={"name": "shop", "deleted_at": None}
    )
    if "/projects" in path:
        return str(PROJECT_ID)
    if "/tokens" in path:
        return kept(WitheringToken, TOKEN_ID, project=project, digest=b"t", prefix="sk-t")
    if "/providers" in path:
        return kept(Provider, PROVIDER_ID, provider_key="main", api_base="http://127.0.0.1:1", api_key="sk-p")
    if "/processors" in path:
        return kept(Processor, PROCESSOR_ID, name="seen", type="logger")
    if "/routes" in path:
        return kept(Route, ROUTE_ID, name="team", path_prefix="/team")
    if "/logs" in path:
        return str(add_record().pk)
    if "/audit" in path:
        audit.record(Actor("system", "tests"), "project.create", project)
        return AuditEvent.objects.last().pk
    return kept(Credential, CREDENTIAL_ID, name="app", digest=b"c", prefix="sk-c")


def kept(model: Any, pk: Any, **values: Any) -> str:
    return str(model.objects.get_or_create(pk=pk, defaults=values)[0].pk)
