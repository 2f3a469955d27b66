"""A name for every request to the admin and the management API, for the audit log and whoever asks about it.

The lane has ids of its own and passes no middleware: it only tells `current`.
"""

from __future__ import annotations

import re
import uuid
from contextvars import ContextVar
from inspect import iscoroutinefunction
from typing import Any

from django.http import HttpRequest
from django.utils.decorators import sync_and_async_middleware

HEADER = "x-request-id"
# Of what is under way, for the log.
current: ContextVar[str] = ContextVar("request id", default="")
# What a client may choose: nothing that could break a log line.
_CHOSEN = re.compile(r"[\x21-\x7e]{1,128}")


@sync_and_async_middleware
def middleware(get_response: Any) -> Any:
    if iscoroutinefunction(get_response):

        async def answer_async(request: Any) -> Any:
            request.request_id = of(request)
            token = current.set(request.request_id)
            try:
                response = await get_response(request)
            finally:
                current.reset(token)
            response[HEADER] = request.request_id
            return response

        return answer_async

    def answer(request: Any) -> Any:
        request.request_id = of(request)
        token = current.set(request.request_id)
        try:
            response = get_response(request)
        finally:
            current.reset(token)
        response[HEADER] = request.request_id
        return response

    return answer


def of(request: HttpRequest) -> str:
    chosen = request.headers.get(HEADER, "")
    return chosen if _CHOSEN.fullmatch(chosen) else str(uuid.uuid4())
