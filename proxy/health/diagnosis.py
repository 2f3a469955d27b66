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
    if status < 300:
        return None
    if status < 400:
        return Diagnosis("redirected", f"It redirects (HTTP {status}): the address has moved.")
    if status in (401, 403):
        return _of_refusal(status, said, model)
    if status == 404 and model and _speaks_of_model(body):
        return Diagnosis("model_unknown", f"It does not know the model '{model}'{said}.", Outcome.ANSWERED)
    if status in (404, 405):
        words = f"Nothing answers at {url} (HTTP {status}): the path of the address is wrong{said}."
        return Diagnosis("not_found", words, Outcome.ANSWERED)
    if status == 429:
        words = f"It answers, but the limit of this key is used up (HTTP 429){said}."
        return Diagnosis("rate_limited", words, Outcome.ANSWERED)
    if status >= 500:
        words = f"It is failing (HTTP {status}){said}. This is on the provider's side."
        return Diagnosis("server_error", words, Outcome.SERVER_ERROR)
    return Diagnosis("refused", f"It refused the request (HTTP {status}){said}.", Outcome.ANSWERED)


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
    if isinstance(error, NotSent):
        return Diagnosis("unreachable", f"{host} cannot be reached: {detail}.")
    if isinstance(error, MaybeSent) and error.reason == "upstream_invalid":
        return Diagnosis("not_http", f"{host} answers with something that is not HTTP: {detail}.")
    return Diagnosis("broken_off", f"{host} closed the connection without an answer: {detail}.")


def late(url: str, seconds: float) -> Diagnosis:
    host = urlsplit(url).netloc
    return Diagnosis("timeout", f"{host} gave no answer within {seconds:g} seconds.", Outcome.TIMEOUT)


def no_list(body: bytes, content_type: str, url: str) -> Diagnosis:
    """A 200 that is not the list of models."""
    is_page = "html" in content_type or body.lstrip()[:1] == b"<"
    what = "a web page" if is_page else f"something that is no list of models ({content_type or 'no type'})"
    words = f"{url} answers with {what}: the address is not the API's. It often ends in /v1."
    return Diagnosis("not_an_api", words, Outcome.ANSWERED)


def _of_refusal(status: int, said: str, model: str | None) -> Diagnosis:
    """A key may be allowed to call models and not to list them: then nothing is wrong with the provider."""
    if model is None and any(name in said.lower() for name in _NAMES_OF_SCOPES):
        words = f"It answers, but the key may not list models (HTTP {status}){said}."
        return Diagnosis("list_refused", words, Outcome.ANSWERED)
    outcome = Outcome.AUTH if status == 401 else Outcome.ANSWERED
    return Diagnosis("key_refused", f"It refuses the API key (HTTP {status}){said}.", outcome)


def _of_cause(cause: BaseException, url: str, host: str) -> Diagnosis | None:
    match cause:
        case socket.gaierror() | aiohttp.ClientConnectorDNSError():
            return Diagnosis("dns", f"The name {urlsplit(url).hostname} cannot be found (DNS).")
        case aiohttp.ClientConnectorCertificateError() | ssl.SSLCertVerificationError():
            why = getattr(_ssl_error(cause), "verify_message", "") or "it is not trusted"
            words = f"The certificate of {host} is not accepted: {why}."
            return Diagnosis("tls", words)
        case aiohttp.ClientConnectorSSLError() | ssl.SSLError():
            words = f"{host} does not speak TLS as it should. Does the address begin with http:// instead?"
            return Diagnosis("tls", words)
        case ConnectionRefusedError():
            return Diagnosis("refused_connection", f"Nothing listens at {host}: the connection was refused.")
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
