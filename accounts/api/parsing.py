"""JSON in, JSON out, whatever a client's headers say."""

from __future__ import annotations

from typing import Any

import orjson
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser

MOST_BYTES = 1024 * 1024


class TooLarge(APIException):
    status_code = 413
    default_code = "request_too_large"
    default_detail = f"A body of the management API has {MOST_BYTES} bytes at most."


class Parser(BaseParser):
    """Of any content type: `curl -d` names another one. A browser cannot be made to send this with somebody's
    session, for that needs the CSRF token too.
    """

    media_type = "*/*"

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            parsed = orjson.loads(body or b"{}")
        except orjson.JSONDecodeError as error:
            raise ParseError(f"The body is not JSON: {error}.") from None
        if not isinstance(parsed, dict):
            raise ParseError("The body is not a JSON object.")
        if b"\\u0000" in body:  # PostgreSQL takes no NUL
            raise ParseError("The body contains the character \\u0000.")
        return parsed


class OnlyJSON(BaseContentNegotiation):
    """Errors too, and in a browser."""

    def select_parser(self, request: Any, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Any, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type
