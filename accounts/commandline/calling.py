"""How the commands reach the management API: of a remote relay over HTTP, of the local one in this process.

Both are the same API, so a command and a script can never disagree. Locally the request touches no socket:
what names its actor is set in the WSGI environment, where no header of a client can get.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from django.conf import settings
from django.core.handlers.wsgi import WSGIHandler
from django.core.management.base import CommandError
from django.db import Error as DatabaseError

from ..audit import actors
from ..models import Project
from ..signin.authentication import COMMAND_VARIABLE

TIMEOUT_SECONDS = 30.0
PAGE_SIZE = 200
LOOPBACK = ("localhost", "127.0.0.1", "::1")


class Gateway:
    def __init__(self, client: httpx.Client, where: str) -> None:
        self._client = client
        self._where = where

    def call(self, method: str, path: str, **options: Any) -> Any:
        """The answer's object, None for an empty one. A refusal becomes a CommandError in the API's words."""
        try:
            answer = self._client.request(method, path, **options)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CommandError(f"{self._where} does not answer: {str(error) or repr(error)}.") from None
        if not answer.is_success:
            raise CommandError(_words(answer, self._where))
        try:
            return answer.json() if answer.content else None
        except ValueError:
            raise CommandError(_stranger(answer, self._where)) from None

    def every(self, path: str, params: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """All rows of a list, page by page."""
        params = {**params, "page_size": PAGE_SIZE}
        while True:
            page = self.call("GET", path, params=params)
            yield from page["results"]
            if not page["next"]:
                return
            # Only the query: the token goes to the address it was given for, whatever an answer names.
            params = dict(parse_qsl(urlsplit(page["next"]).query))


def remote(base_url: str, management_token: str) -> Gateway:
    if urlsplit(base_url).scheme not in ("http", "https") or not urlsplit(base_url).hostname:
        raise CommandError(f"{base_url!r} is no address of a relay, such as https://relay.example.com.")
    token = management_token or _known_token(base_url)
    if not token:
        raise CommandError(
            "A remote relay needs its management token: --management-token or MANAGEMENT_TOKEN."
        )
    if not (token.isascii() and token.isprintable()):
        raise CommandError("The management token contains characters that no management token has.")
    headers = {"Authorization": f"Bearer {token}"}
    client = httpx.Client(base_url=base_url, headers=headers, timeout=TIMEOUT_SECONDS)
    return Gateway(client, f"The relay at {base_url}")


def local(command: str) -> Gateway:
    _check_database()
    logging.getLogger("django.request").addFilter(_is_fault)
    application = _acting_as(WSGIHandler(), actors.of_command(command).name)
    transport = httpx.WSGITransport(application, raise_app_exceptions=False, remote_addr="")
    # https: where the relay insists on it, it would otherwise redirect us.
    return Gateway(httpx.Client(base_url="https://localhost", transport=transport), "The relay")


def _known_token(base_url: str) -> str:
    """The generated token of this machine's relay is sent nowhere else; one that somebody set may be."""
    is_here = urlsplit(base_url).hostname in LOOPBACK
    return settings.MANAGEMENT_TOKEN if is_here or "MANAGEMENT_TOKEN" in settings.GIVEN_VARIABLES else ""


def _check_database() -> None:
    try:
        Project.objects.exists()
    except DatabaseError as error:
        raise CommandError(
            f"The database cannot be used: {str(error).strip()}. If this relay was never started, "
            "`manage.py migrate` prepares it; another relay is named by --manage-api-base-url."
        ) from None


def _is_fault(record: logging.LogRecord) -> bool:
    """Refusals are said by the command; what is no refusal needs its traceback."""
    return record.exc_info is not None and record.exc_info[0] is not None


def _acting_as(application: Callable[..., Any], name: str) -> Callable[..., Any]:
    def wrapped(environ: dict[str, Any], start_response: Any) -> Any:
        return application({**environ, COMMAND_VARIABLE: name}, start_response)

    return wrapped


def _words(answer: httpx.Response, where: str) -> str:
    if answer.is_redirect:
        return f"{where} is elsewhere: {answer.headers.get('location', 'unknown')}."
    try:
        message = str(answer.json()["error"]["message"])
    except (ValueError, KeyError, TypeError):
        return _stranger(answer, where)
    if answer.status_code == 401:
        return f"{where} refused the management token: {message}"
    return message


def _stranger(answer: httpx.Response, where: str) -> str:
    return f"{where} answered {answer.status_code} in a way the management API never does. Is it a relay?"
