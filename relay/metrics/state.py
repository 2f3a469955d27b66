"""What stands in the database and on the disk: providers, tokens, recorder, journal."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import suppress

from django.conf import settings

import relay
from accounts.models import Credential
from accounts.tokens import states
from logs_app.dispatching import state as dispatchers
from logs_app.metrics import Sample
from logs_app.models import ModelPrice
from proxy.health import stored as standings
from proxy.health.standing import STATUSES
from proxy.models import Provider, RelaySettings
from relay.health import lag


def program() -> Iterator[Sample]:
    yield Sample("llm_proxy_build_info", 1, {"version": relay.VERSION})
    yield Sample("llm_proxy_uptime_seconds", time.monotonic() - relay.STARTED_AT)
    yield Sample("llm_proxy_recorder_up", float(not lag.absence.seconds(settings.JOURNAL_DIR)))
    with suppress(OSError):  # before the first call there is no journal
        yield Sample("llm_proxy_journal_free_bytes", shutil.disk_usage(settings.JOURNAL_DIR).free)


def stored() -> Iterator[Sample]:
    """Raises DatabaseError."""
    yield Sample("llm_proxy_recorder_lag_bytes", lag.unread_bytes(settings.JOURNAL_DIR))
    yield from _providers()
    yield from _tokens()
    yield from _dispatchers()


def configured_models() -> set[str]:
    """The names that somebody has written down: in mappings, prices, lists of keys."""
    found = {RelaySettings.objects.values_list("default_model", flat=True).first() or ""}
    for mapping in Provider.objects.values_list("model_mapping", flat=True):
        found.update(mapping)
    found.update(ModelPrice.objects.values_list("model", flat=True))
    for allowed in Credential.objects.values_list("allowed_models", flat=True):
        found.update(allowed or ())
    return found


def _providers() -> Iterator[Sample]:
    providers = Provider.objects.order_by("pk")
    for row, found in zip(providers, standings.of(providers), strict=True):
        name = {"provider": row.provider_key}
        yield Sample("llm_proxy_provider_health", float(found.share > 0), name)
        yield Sample("llm_proxy_provider_effective_weight", row.weight * found.share, name)
        yield Sample("llm_proxy_provider_refused_keys", found.refused_keys, name)
        for state in STATUSES:
            yield Sample(
                "llm_proxy_provider_circuit_state", float(state == found.status), name | {"state": state}
            )


def _tokens() -> Iterator[Sample]:
    for state, count in states.of_tokens().items():
        yield Sample("llm_proxy_access_tokens", count, {"state": state})


def _dispatchers() -> Iterator[Sample]:
    for name, state in dispatchers.states().items():
        labels = {"dispatcher": name}
        yield Sample("llm_proxy_dispatcher_up", float(state.is_running), labels)
        yield Sample("llm_proxy_dispatcher_lag", state.lag, labels)
        yield Sample("llm_proxy_dispatcher_dead_letters", state.dead_letters, labels)
        if state.last_success_at is not None:
            yield Sample(
                "llm_proxy_dispatcher_last_success_seconds", state.last_success_at.timestamp(), labels
            )
        for result in ("delivered", "retried", "dead", "lost"):
            yield Sample(
                "llm_proxy_dispatcher_events_total", getattr(state, result), labels | {"result": result}
            )
