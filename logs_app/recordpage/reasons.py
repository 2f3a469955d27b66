"""The errors of providers, by what they say of them or by their status."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

CALLER, RELAY, PROVIDER, NETWORK = "caller", "relay", "provider", "network"


class Reason(NamedTuple):
    """`%(provider)s` and `%(model)s` stand for those of the record."""

    fault: str
    happened: Any
    advice: Any


BODY = _("The request itself has to be corrected; asking again as it is will not help.")
AGAIN = _("Ask again; nothing was done.")
_STATUS = _(
    "Look for what %(provider)s says of its state, and ask again later; with a second "
    "provider for this model the relay would have moved on."
)

_LIMIT = Reason(
    PROVIDER,
    _("%(provider)s refused the call because too many were made with its key."),
    _(
        "Ask for a higher limit there, or add a provider or a second key for this model, so "
        "that the relay can share the calls out."
    ),
)
_BUSY = Reason(PROVIDER, _("%(provider)s has too much to do."), _STATUS)
_DOWN = Reason(PROVIDER, _("%(provider)s had a fault of its own."), _STATUS)

_OF_STATUS = {
    400: Reason(CALLER, _("%(provider)s does not understand the request."), BODY),
    401: Reason(
        RELAY, _("%(provider)s refused the key."), _("Correct the provider's key under Route → Providers.")
    ),
    402: Reason(
        RELAY,
        _("The account at %(provider)s has no money left."),
        _("Pay there, or let another provider take over."),
    ),
    403: Reason(
        RELAY,
        _("%(provider)s does not let this key do that."),
        _("Look at the rights of the key there: the model may be closed to it, or the country."),
    ),
    404: Reason(
        CALLER,
        _("%(provider)s does not know the model or the thing that was asked for."),
        _("Check the name, and its mapping under Route → Providers."),
    ),
    408: Reason(PROVIDER, _("%(provider)s waited too long, and gave up."), AGAIN),
    409: Reason(CALLER, _("The request is at odds with what %(provider)s has."), BODY),
    413: Reason(
        CALLER,
        _("The request is too large for %(provider)s."),
        _("Send less: fewer messages, smaller pictures."),
    ),
    415: Reason(CALLER, _("%(provider)s does not take bodies of this type."), BODY),
    422: Reason(CALLER, _("%(provider)s cannot do what the request asks."), BODY),
    429: _LIMIT,
    502: Reason(PROVIDER, _("A gateway in front of %(provider)s found it away."), _STATUS),
    503: _BUSY,
    504: Reason(PROVIDER, _("A gateway in front of %(provider)s waited too long for it."), _STATUS),
    529: _BUSY,
}
# What a provider says more exactly than its status does.
_OF_CODE = {
    "context_length_exceeded": Reason(
        CALLER,
        _("The conversation is longer than %(model)s can read."),
        _("Send fewer or shorter messages, or ask a model with a larger context."),
    ),
    "insufficient_quota": Reason(
        RELAY,
        _("The account at %(provider)s has used up its money."),
        _("Pay there, or let another provider take over."),
    ),
    "content_filter": Reason(
        CALLER,
        _("The content filter of %(provider)s refused the request."),
        _("The message names the categories; the request has to be worded otherwise."),
    ),
}


def of_status(status: int | None, code: str) -> Reason:
    """Of an answer of a provider. An error inside a stream comes with the status of its beginning."""
    if code in _OF_CODE:
        return _OF_CODE[code]
    if status in _OF_STATUS:
        return _OF_STATUS[status]
    if status is not None and 400 <= status < 500:
        return _OF_STATUS[400]
    if status is not None and status < 400:
        return Reason(PROVIDER, _("%(provider)s ended its answer with an error."), AGAIN)
    return _DOWN
