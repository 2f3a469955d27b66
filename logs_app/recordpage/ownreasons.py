"""The errors of the relay by their code: docs/errors.md in short."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from logs_app.recordpage.reasons import AGAIN, BODY, CALLER, NETWORK, PROVIDER, RELAY, Reason

_KEY = _(
    "Look at the key under Access: it may have been switched off, or its time may be over. "
    "A new one can be made there."
)
_POLICY = _(
    "Allow it in the policy of the project or of the default, or let the caller ask for something else."
)

BY_CODE: dict[str, Reason] = {
    "missing_api_key": Reason(
        CALLER,
        _("The call came without a key."),
        _("Send it as Authorization: Bearer, x-api-key or api-key."),
    ),
    "token_not_found": Reason(CALLER, _("The key is not one of this relay."), _KEY),
    "token_inactive": Reason(CALLER, _("The key was switched off."), _KEY),
    "token_expired": Reason(
        CALLER, _("The time of the key is over, or that of the secret it had before a rotation."), _KEY
    ),
    "project_inactive": Reason(
        CALLER,
        _("The project of this key is switched off."),
        _("Switch the project on again under Access, if it is to call."),
    ),
    "invalid_json": Reason(
        CALLER, _("The body of the request is not JSON, not UTF-8, or nested too deeply."), BODY
    ),
    "invalid_content_type": Reason(
        CALLER,
        _("This endpoint takes JSON and was sent something else."),
        _("Send Content-Type: application/json."),
    ),
    "missing_body": Reason(CALLER, _("The body of the request is empty, or no JSON object."), BODY),
    "invalid_path": Reason(
        CALLER,
        _("The path can be read in more than one way."),
        _("Spell the path out, without .. and without encoded slashes."),
    ),
    "stream_not_allowed": Reason(
        CALLER, _("The route of this path answers in one piece only."), _("Leave out stream.")
    ),
    "stream_required": Reason(
        CALLER, _("The route of this path answers in streams only."), _("Set stream to true.")
    ),
    "invalid_headers": Reason(
        CALLER, _("A header of the request cannot be sent on."), _("Remove the control characters from it.")
    ),
    "method_not_allowed": Reason(
        CALLER, _("This endpoint has no such method."), _("Use one that the header allow names.")
    ),
    "request_too_large": Reason(
        CALLER,
        _("The body of the request is larger than MAX_REQUEST_BYTES."),
        _("Send less, or raise the limit."),
    ),
    "malformed_request": Reason(CALLER, _("What came is not HTTP/1.1."), _("Correct the client.")),
    "invalid_target": Reason(CALLER, _("The path is not percent-encoded."), _("Encode it.")),
    "request_timeout": Reason(
        NETWORK,
        _("The rest of the request did not come in time."),
        _("Look at the network between the client and the relay."),
    ),
    "headers_too_large": Reason(CALLER, _("The request has more than 64 KB of headers."), _("Send fewer.")),
    "too_many_headers": Reason(
        CALLER, _("The request has more headers than any client needs."), _("Send fewer.")
    ),
    "model_not_found": Reason(
        RELAY,
        _("No provider here serves %(model)s, so nobody was asked."),
        _(
            "Let the caller name a model that GET /v1/models shows, or map this name at a provider "
            "under Route."
        ),
    ),
    "keeper_unavailable": Reason(
        RELAY,
        _("What the call names was made at a provider that is not there for it any more."),
        _("Enable that provider again, or make the thing anew."),
    ),
    "not_in_cache": Reason(
        CALLER,
        _("The call wanted a stored answer or none, and there is none that can be used for it."),
        _("Leave out only-if-cached, or ask for answers to be kept: docs/cache.md."),
    ),
    "streaming_not_supported": Reason(
        RELAY,
        _("No provider of %(model)s answers in streams."),
        _("Ask without stream, or allow streams at a provider."),
    ),
    "no_provider": Reason(
        RELAY,
        _(
            "No provider could be asked: there is none, all have the weight 0, or none of the route "
            "is enabled."
        ),
        _("Add or enable one under Route → Providers."),
    ),
    "provider_key_missing": Reason(
        RELAY, _("The provider has no API key."), _("Give it one under Route → Providers.")
    ),
    "provider_unusable": Reason(
        RELAY,
        _("The provider cannot be used as it is configured."),
        _("The message says what is wrong; correct it under Route → Providers."),
    ),
    "keys_unavailable": Reason(
        RELAY,
        _("The key was not known to this process, and the database did not answer."),
        _("Look after the database. Keys that are known go on working."),
    ),
    "relay_overloaded": Reason(
        RELAY,
        _("The relay had as many calls, or as many bytes of them, as it may have at once."),
        _("Raise MAX_INFLIGHT_REQUESTS or MAX_INFLIGHT_BYTES, or add workers."),
    ),
    "relay_stopping": Reason(RELAY, _("The relay was stopped, and GRACE_SECONDS were over."), AGAIN),
    "processor_failed": Reason(
        RELAY,
        _("A processor of the route failed."),
        _(
            "The message names it. Look for the request id in the relay's log; a processor set to "
            "skip would have let the call go on."
        ),
    ),
    "relay_error": Reason(
        RELAY,
        _("This is a fault of the relay itself."),
        _("Look for the request id in the relay's log, and report it."),
    ),
    "upstream_unreachable": Reason(
        NETWORK,
        _(
            "No connection to %(provider)s came about: refused, no such name, or TLS failed. "
            "Nothing was sent."
        ),
        _("Check the provider's address under Route → Providers, and the way out of this machine."),
    ),
    "upstream_timeout": Reason(
        PROVIDER,
        _("%(provider)s did not answer in time."),
        _(
            "Raise FIRST_BYTE_TIMEOUT_SECONDS or IDLE_TIMEOUT_SECONDS, of the provider or of all, "
            "or ask for less at once."
        ),
    ),
    "total_timeout": Reason(
        PROVIDER,
        _("The call took longer than TOTAL_TIMEOUT_SECONDS."),
        _("Raise it, or ask for less at once."),
    ),
    "upstream_disconnected": Reason(
        PROVIDER,
        _("The connection to %(provider)s ended before the answer began."),
        _("Ask again. The provider may have done the work, and may bill it."),
    ),
    "upstream_truncated": Reason(
        PROVIDER, _("The connection to %(provider)s ended in the middle of the answer."), _("Ask again.")
    ),
    "upstream_invalid": Reason(
        PROVIDER,
        _("What %(provider)s sent is no answer that can be read."),
        _("Check its address: often it leads to a web page instead of an API."),
    ),
    "upstream_auth_error": Reason(
        RELAY,
        _("%(provider)s refused the relay's own key."),
        _("Correct the provider's key under Route → Providers. The caller's key is in order."),
    ),
    "model_not_allowed": Reason(CALLER, _("The key or its project may not use %(model)s."), _POLICY),
    "param_not_allowed": Reason(CALLER, _("A parameter has a value that is not allowed."), _POLICY),
    "unreadable_request": Reason(
        CALLER,
        _("A rule looks into the body, and this one cannot be read for sure."),
        _("Send plain JSON, or a plain form."),
    ),
    "endpoint_not_found": Reason(
        CALLER, _("This is no endpoint that the key may call, or that a provider here serves."), _POLICY
    ),
    "header_required": Reason(CALLER, _("A header that the project asks for is missing."), _POLICY),
    "origin_required": Reason(
        CALLER,
        _("The project takes calls of web pages only."),
        _("Send Origin, or drop origin from the required headers."),
    ),
    "origin_not_allowed": Reason(
        CALLER,
        _("This web page may not call."),
        _("Add its origin to the project's list, or to CORS_ALLOWED_ORIGINS."),
    ),
    "policy_unusable": Reason(
        RELAY,
        _("The stored policy cannot be understood, so nothing is let through."),
        _("The message says what is wrong with it."),
    ),
    "rate_limit_exceeded": Reason(
        CALLER,
        _("The key, or its project, reached a limit of this relay; no provider was asked."),
        _("Come back when retry-after says, ask less often, or raise the limit under Access."),
    ),
    "quota_exhausted": Reason(
        CALLER,
        _("All requests of this token are used."),
        _("Raise its quota under Access → Tokens, or give out a new one."),
    ),
    "not_found": Reason(CALLER, _("There is no such page under /v1/relay."), BODY),
    "record_not_found": Reason(
        CALLER, _("No record of a call with this key has this id."), _("Wait a second, or check the id.")
    ),
    "invalid_parameter": Reason(CALLER, _("An argument of the question is wrong."), BODY),
    "records_unavailable": Reason(
        RELAY, _("The database did not answer."), _("Look after the database, and ask again.")
    ),
}
