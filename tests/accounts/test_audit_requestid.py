from __future__ import annotations

import uuid

import pytest
from django.http import HttpResponse

from accounts.audit import requestid


@pytest.mark.parametrize("path", ["/live", "/nothing-here", "/manage/projects"])
def test_every_answer_names_its_request(client, path):
    assert uuid.UUID(client.get(path)["x-request-id"])


def test_a_client_may_choose_the_name(client):
    assert client.get("/live", headers={"x-request-id": "trace-7"})["x-request-id"] == "trace-7"


@pytest.mark.parametrize("chosen", ["", "a b", "x" * 129, "é", "a\tb"])
def test_but_no_name_that_spoils_a_log(client, chosen):
    assert uuid.UUID(client.get("/live", headers={"x-request-id": chosen})["x-request-id"])


async def test_it_costs_no_thread_in_an_asynchronous_chain(async_rf):
    async def view(request):
        return HttpResponse(request.request_id)

    response = await requestid.middleware(view)(async_rf.get("/", headers={"x-request-id": "a"}))
    assert (response.content, response["x-request-id"]) == (b"a", "a")
