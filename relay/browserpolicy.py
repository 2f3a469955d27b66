"""Headers for browsers that neither Django nor django-csp sends: what no page needs is off."""

from __future__ import annotations

from inspect import iscoroutinefunction
from typing import Any

from django.utils.decorators import sync_and_async_middleware

OFF = "camera", "display-capture", "geolocation", "microphone", "midi", "payment", "serial", "usb"
HEADERS = {
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in OFF),
    "Cross-Origin-Resource-Policy": "same-origin",
}


@sync_and_async_middleware
def middleware(get_response: Any) -> Any:
    if iscoroutinefunction(get_response):

        async def answer_async(request: Any) -> Any:
            return _with_headers(await get_response(request))

        return answer_async

    def answer(request: Any) -> Any:
        return _with_headers(get_response(request))

    return answer


def _with_headers(response: Any) -> Any:
    for name, value in HEADERS.items():
        response.headers.setdefault(name, value)
    return response
