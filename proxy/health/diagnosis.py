"""What is wrong with a provider, in words for the person who has to mend it. Pure."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import orjson
from django.utils.translation import gettext as _

from ..errors import MaybeSent, NotSent, RelayError, UpstreamError
from .breaker import Outcome

_LONGEST_QUOTE = 200
_NAMES_OF_SCOPES = ("scope", "permission")


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """`fault` is a stable word, empty when nothing is wrong; `outcome` is what the breaker is told."""

    fault: str
    words: str
    outcome: Outcome = Outcome.TRANSPORT


def of_status(status: int, body: bytes, url: str, model: str | None) -> Diagnosis | None:
    """None when the answer is no refusal. `model` is the one that was called, None for the list of models."""
    said = _quoted(body)
    seen = {"status": status, "said": said, "model": model, "url": url}
    if status < 300:
        return None
    if status < 400:
        return Diagnosis("redirected", _("It redirects (HTTP %(status)s): the address has moved.") % seen)
    if status in (401, 403):
        return _of_refusal(status, said, model)
    if status == 404 and model and _speaks_of_model(body):
        return Diagnosis(
            "model_unknown", _("It does not know the model '%(model)s'%(said)s.") % seen, Outcome.ANSWERED
        )
    if status in (404, 405):
        words = (
            _("Nothing answers at %(url)s (HTTP %(status)s): the path of the address is wrong%(said)s.")
            % seen
        )
        return Diagnosis("not_found", words, Outcome.ANSWERED)
    if status == 429:
        words = _("It answers, but the limit of this key is used up (HTTP 429)%(said)s.") % seen
        return Diagnosis("rate_limited", words, Outcome.ANSWERED)
    if status >= 500:
        words = _("It is failing (HTTP %(status)s)%(said)s. This is on the provider's side.") % seen
        return Diagnosis("server_error", words, Outcome.SERVER_ERROR)
    return Diagnosis(
        "refused", _("It refused the request (HTTP %(status)s)%(said)s.") % seen, Outcome.ANSWERED
    )


def of_error(error: Exception, url: str, seconds: float) -> Diagnosis:
    """Of a call that got no answer."""
    host = urlsplit(url).netloc
    for cause in _causes(error):
        if found := _of_cause(cause, url, host):
            return found
    if isinstance(error, RelayError):  # the relay itself does not send there
        return Diagnosis("not_sent", error.message, Outcome.CALLER_FAULT)
    if isinstance(error, TimeoutError) or getattr(error, "reason", "") == "upstream_timeout":
        return late(url, seconds)
    detail = error.detail if isinstance(error, UpstreamError) else str(error)
    seen = {"host": host, "detail": detail}
    if isinstance(error, NotSent):
        return Diagnosis("unreachable", _("%(host)s cannot be reached: %(detail)s.") % seen)
    if isinstance(error, MaybeSent) and error.reason == "upstream_invalid":
        return Diagnosis(
            "not_http", _("%(host)s answers with something that is not HTTP: %(detail)s.") % seen
        )
    return Diagnosis("broken_off", _("%(host)s closed the connection without an answer: %(detail)s.") % seen)


def late(url: str, seconds: float) -> Diagnosis:
    host = urlsplit(url).netloc
    return Diagnosis(
        "timeout",
        _("%(host)s gave no answer within %(seconds)s seconds.") % {"host": host, "seconds": f"{seconds:g}"},
        Outcome.TIMEOUT,
    )


def no_list(body: bytes, content_type: str, url: str) -> Diagnosis:
    """A 200 that is not the list of models."""
    is_page = "html" in content_type or body.lstrip()[:1] == b"<"
    if is_page:
        words = _("%(url)s answers with a web page: the address is not the API's. It often ends in /v1.")
    else:
        words = _(
            "%(url)s answers with something that is no list of models (%(type)s): "
            "the address is not the API's. It often ends in /v1."
        )
    words %= {"url": url, "type": content_type or _("no type")}
    return Diagnosis("not_an_api", words, Outcome.ANSWERED)


def _of_refusal(status: int, said: str, model: str | None) -> Diagnosis:
    """A key may be allowed to call models and not to list them: then nothing is wrong with the provider."""
    seen = {"status": status, "said": said}
    if model is None and any(name in said.lower() for name in _NAMES_OF_SCOPES):
        words = _("It answers, but the key may not list models (HTTP %(status)s)%(said)s.") % seen
        return Diagnosis("list_refused", words, Outcome.ANSWERED)
    outcome = Outcome.AUTH if status == 401 else Outcome.ANSWERED
    return Diagnosis("key_refused", _("It refuses the API key (HTTP %(status)s)%(said)s.") % seen, outcome)


def _of_cause(cause: BaseException, url: str, host: str) -> Diagnosis | None:
    match cause:
        case socket.gaierror() | aiohttp.ClientConnectorDNSError():
            return Diagnosis(
                "dns", _("The name %(name)s cannot be found (DNS).") % {"name": urlsplit(url).hostname}
            )
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            why = getattr(_ssl_error(cause), "verify_message", "") or _("it is not trusted")
            words = _("The certificate of %(host)s is not accepted: %(why)s.") % {"host": host, "why": why}
            return Diagnosis("tls", words)
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            words = _(
                "%(host)s does not speak TLS as it should. Does the address begin with http:// instead?"
            ) % {"host": host}
            return Diagnosis("tls", words)
        case ConnectionRefusedError():
            words = _("Nothing listens at %(host)s: the connection was refused.") % {"host": host}
            return Diagnosis("refused_connection", words)
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; aiohttp keeps the system's error beside its own."""
    seen: set[int] = set()
    pending = [error]
    while pending:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        inner = (current.__cause__, current.__context__, getattr(current, "os_error", None))
        pending += [each for each in inner if isinstance(each, BaseException)]


def _ssl_error(cause: BaseException) -> BaseException:
    return getattr(cause, "certificate_error", cause)


def _speaks_of_model(body: bytes) -> bool:
    return b"model" in body[:4096].lower()


def _quoted(body: bytes) -> str:
    """The message of an error, to follow our words."""
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return ""
    error = found.get("error", found) if isinstance(found, Mapping) else None
    text: Any = error.get("message") if isinstance(error, Mapping) else error
    if not isinstance(text, str) or not text.strip():
        return ""
    text = " ".join(text.split())
    return f": {text[:_LONGEST_QUOTE].rstrip('.')}"
