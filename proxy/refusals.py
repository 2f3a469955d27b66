"""Errors of policy, limits, quotas, own keys and self-service. They name what was asked for, never what
others may use or have.
"""

from __future__ import annotations

from .access.patterns import Patterns
from .errors import NO_RETRY, RelayError

_SHOWN_CHARACTERS = 200
_SHOWN_PATTERNS = 50


def model_not_allowed(model: str | None) -> RelayError:
    named = f"the model '{_shown(model)}'" if model is not None else "what it gives as its model"
    return RelayError(403, "model_not_allowed", f"This key may not use {named}.", param="model")


def model_not_named() -> RelayError:
    return RelayError(
        403,
        "model_not_allowed",
        "This key may use certain models only, and the request names none. Name one in 'model'.",
        param="model",
    )


def param_not_allowed(name: str, value: str | None, allowed: Patterns) -> RelayError:
    given = f"value '{_shown(value)}'" if value is not None else "value, which is an object or too long,"
    patterns = ", ".join(map(_shown, allowed[:_SHOWN_PATTERNS])) or "none; leave it out"
    return RelayError(
        400,
        "param_not_allowed",
        f"Parameter '{_shown(name)}' {given} is not allowed. Allowed patterns: {patterns}.",
        param=_shown(name),
    )


def unreadable_request(what: str) -> RelayError:
    return RelayError(
        400,
        "unreadable_request",
        f"This key may use certain models or parameters only, and the relay cannot read {what}. "
        "What cannot be judged is not sent on.",
    )


def origin_not_allowed(origin: str) -> RelayError:
    return RelayError(403, "origin_not_allowed", f"The origin '{_shown(origin)}' is not allowed here.")


def header_required(name: str) -> RelayError:
    code = "origin_required" if name == "origin" else "header_required"
    return RelayError(400, code, f"Calls with this key need the header '{name}'.")


def endpoint_not_found(path: str) -> RelayError:
    return RelayError(404, "endpoint_not_found", f"This key may not call '{_shown(path)}'.")


def ambiguous_path() -> RelayError:
    return RelayError(
        400,
        "invalid_path",
        "The path has empty or dotted segments, or characters that servers read differently. "
        "Where a policy or a route decides by the path, such paths are not forwarded.",
    )


def stream_not_allowed(route_name: str) -> RelayError:
    return RelayError(
        400,
        "stream_not_allowed",
        f"The route '{route_name}' answers in one piece only. Leave out 'stream', or set it to false.",
        param="stream",
    )


def only_streams_allowed(route_name: str) -> RelayError:
    return RelayError(
        400,
        "stream_required",
        f"The route '{route_name}' answers in streams only. Set 'stream' to true.",
        param="stream",
    )


def processor_failed(name: str, why: str) -> RelayError:
    """`why` is for the caller too: it quotes no exception and no answer."""
    return RelayError(
        502,
        "processor_failed",
        f"The processor '{_shown(name)}', which requests of this route pass through, failed: {why}. "
        "The request was not sent on.",
    )


def policy_unusable(why: str) -> RelayError:
    return RelayError(
        503,
        "policy_unusable",
        f"The policy of this key cannot be understood, so nothing is let through: {_shown(why)}",
        headers=((b"x-should-retry", b"false"),),
    )


def quota_exhausted(max_requests: int) -> RelayError:
    return RelayError(
        429,
        "quota_exhausted",
        f"This token has used all of its {max_requests} requests. Raise its max_requests or create another.",
        headers=NO_RETRY,
    )


def project_provider_missing(project_name: str, provider_key: str) -> RelayError:
    return RelayError(
        503,
        "provider_unusable",
        f"Project '{project_name}' has its own key of provider '{provider_key}', which does not exist or is "
        "disabled. The key is sent nowhere else: correct the project's provider in the admin under Access.",
        headers=NO_RETRY,
    )


def model_not_found(model: str) -> RelayError:
    return RelayError(
        404,
        "model_not_found",
        f"No provider here serves the model '{_shown(model)}'. GET /v1/models lists those that are served.",
        param="model",
    )


def keeper_unavailable(object_id: str) -> RelayError:
    return RelayError(
        404,
        "keeper_unavailable",
        f"The provider that keeps '{_shown(object_id)}' does not take this call any more: it was removed, "
        "switched off, or does not serve the model or the route.",
    )


def route_without_provider(route_name: str) -> RelayError:
    return RelayError(
        503,
        "no_provider",
        f"None of the providers of route '{_shown(route_name)}' is enabled. Enable one, or choose others in "
        "the admin under Route → Routes.",
        headers=NO_RETRY,
    )


def endpoint_not_served(path: str) -> RelayError:
    return RelayError(404, "endpoint_not_found", f"No provider here serves '{_shown(path)}'.")


def streaming_not_supported(model: str | None) -> RelayError:
    what = f"the model '{_shown(model)}'" if model else "this"
    return RelayError(
        400,
        "streaming_not_supported",
        f'No provider here streams {what}. Ask without "stream": true.',
        param="stream",
    )


def _shown(text: str) -> str:
    """Short, and without lone surrogates, which no answer could carry."""
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"


def no_such_page(path: str) -> RelayError:
    return RelayError(
        404,
        "not_found",
        f"There is no '{_shown(path)}'. There are /v1/relay/key, /usage and /requests/<id>.",
    )


def no_such_record(request_id: str) -> RelayError:
    return RelayError(
        404,
        "record_not_found",
        f"There is no record '{_shown(request_id)}' of a call with this key. "
        "It is there about a second after the answer's end; the id is its x-relay-request-id.",
    )


def wrong_days(given: str, most: int) -> RelayError:
    return RelayError(
        400,
        "invalid_parameter",
        f"The number of 'days' is from 1 to {most}, not '{_shown(given)}'.",
        param="days",
    )


def too_many_questions() -> RelayError:
    return RelayError(
        429,
        "rate_limit_exceeded",
        "This key asks about itself too often at once. Wait for the answers.",
        headers=((b"retry-after", b"1"),),
    )


def records_unavailable() -> RelayError:
    return RelayError(
        503,
        "records_unavailable",
        "The relay cannot look this up now because its database does not answer. Try again.",
        headers=((b"retry-after", b"1"),),
    )


def unreadable_models(provider_key: str) -> RelayError:
    return RelayError(
        502,
        "upstream_invalid",
        f"Provider '{provider_key}' sent a list of models that cannot be read. This key may use certain "
        "models only, so the list is not passed on.",
    )


def not_in_cache() -> RelayError:
    return RelayError(
        504,
        "not_in_cache",
        "The request says only-if-cached, and no stored answer can be used for it. Nothing was sent on.",
        headers=NO_RETRY,
    )


def rate_limited(sentence: str, wait_us: int | None) -> RelayError:
    """`wait_us` None: the same call will never be let through."""
    headers = NO_RETRY if wait_us is None else _retry_after(wait_us)
    return RelayError(429, "rate_limit_exceeded", sentence, headers=headers)


def _retry_after(wait_us: int) -> tuple[tuple[bytes, bytes], ...]:
    """Rounded up: who comes back then is let in."""
    seconds, milliseconds = -(-wait_us // 1_000_000), -(-wait_us // 1000)
    return (
        (b"retry-after", b"%d" % max(seconds, 1)),
        (b"retry-after-ms", b"%d" % max(milliseconds, 1)),
    )
