"""From rows of the database to values of the snapshot: providers, routes, settings."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from django.db.models import Prefetch

from accounts import singlerow
from accounts.secrets.encryption import DecryptionError

from .. import models
from ..access import policy
from ..cache import policy as cache_policy
from ..cache import purges
from ..routing.catalogue import Catalogue
from ..sending import addresses
from .configuration import Breaker, Key, Processor, Provider, Route, Settings, Snapshot


def routing_of(version: int, keys: Mapping[bytes, Key], using: str) -> Snapshot:
    providers = models.Provider.objects.using(using).filter(is_enabled=True).order_by("pk")
    steps = models.RouteProcessor.objects.select_related("processor")
    routes = models.Route.objects.using(using).filter(is_enabled=True)
    routes = routes.prefetch_related("providers", Prefetch("steps", steps))
    settings = singlerow.read(models.RelaySettings, using)
    values = tuple(map(provider_of, providers))
    return Snapshot(
        version,
        keys,
        values,
        settings_of(settings),
        tuple(sorted(map(route_of, routes), key=lambda route: -len(route.path_prefix))),
        purges.read(using),
        Catalogue(values),  # in the thread that reads, and not in the first call that asks
    )


def provider_of(row: models.Provider) -> Provider:
    api_keys, error = _api_keys(row)
    if not row.allow_internal_address:
        error = error or addresses.refusal_of(row.api_base)
    return Provider(
        id=row.pk,
        provider_key=row.provider_key,
        provider_type=row.provider_type,
        api_base=row.api_base,
        api_key=api_keys[0] if api_keys else "",
        extra_api_keys=api_keys[1:],
        model_mapping=row.model_mapping,
        endpoints=tuple(each.strip("/").removeprefix("v1/") for each in row.endpoints),
        supports_streaming=row.supports_streaming,
        weight=row.weight,
        priority=row.priority,
        params=row.provider_params,
        policy=policy.parse(row.policy),
        inject_stream_usage=row.inject_stream_usage,
        http_max_retries=row.http_max_retries,
        allows_internal_address=row.allow_internal_address,
        error=error,
        **_timeouts(row),
    )


def _api_keys(row: models.Provider) -> tuple[tuple[str, ...], str | None]:
    """One unreadable key takes one provider out, never the relay."""
    if row.api_key_env:
        named = os.environ.get(row.api_key_env, "")
        return (named,), None if named else f"The variable {row.api_key_env} with its API key is not set."
    try:
        keys = [row.api_key, *row.extra_api_keys.splitlines()]
    except DecryptionError as reason:
        return (), f"The API key of provider {row.provider_key} is unreadable. {reason}"
    return tuple(filter(None, map(str.strip, keys))), None


def route_of(row: models.Route) -> Route:
    return Route(
        name=row.name,
        path_prefix=row.path_prefix,
        provider_ids=frozenset(provider.pk for provider in row.providers.all()),
        processors=tuple(processor_of(s.processor) for s in row.steps.all() if s.processor.is_enabled),
        allow_streaming=row.allow_streaming,
        allow_non_streaming=row.allow_non_streaming,
        buffer_streaming=row.buffer_streaming,
        hold_preamble=row.hold_preamble,
        allowed_origins=tuple(row.allowed_origins),
        cache_policy=cache_policy.parse(row.cache_policy),
        **_timeouts(row),
    )


def processor_of(row: models.Processor) -> Processor:
    skips = row.on_error == models.OnError.SKIP
    return Processor(row.name, row.type, row.config_value, row.additional_config, skips)


def settings_of(row: models.RelaySettings) -> Settings:
    return Settings(
        default_model=row.default_model,
        inject_stream_usage=row.inject_stream_usage,
        policy=policy.parse(row.policy),
        provider_suffix=row.provider_suffix,
        rewrite_response_model=row.rewrite_response_model,
        chooses_randomly=row.provider_choice == models.ProviderChoice.RANDOM,
        http_max_retries=row.http_max_retries,
        max_failovers=row.max_failovers,
        failover_maybe_sent=row.failover_maybe_sent,
        hold_preamble=row.hold_preamble,
        health_interval_seconds=row.health_interval_seconds,
        breaker=breaker_of(row),
        **_timeouts(row),
    )


def breaker_of(row: models.RelaySettings) -> Breaker:
    return Breaker(
        is_enabled=row.breaker_enabled,
        min_multiplier=row.adaptive_min_multiplier,
        half_open_weight_factor=row.adaptive_half_open_weight_factor,
        success_recovery_step=row.adaptive_success_recovery_step,
        slow_start_window_seconds=row.adaptive_slow_start_window_secs,
        threshold_429=row.adaptive_429_threshold,
        threshold_5xx=row.adaptive_5xx_threshold,
        transport_threshold=row.adaptive_transport_threshold,
        half_open_success_threshold=row.adaptive_half_open_success_threshold,
        half_open_max_probes=row.adaptive_half_open_max_probes,
        base_429_cooldown_seconds=row.adaptive_base_429_cooldown_secs,
        max_429_cooldown_seconds=row.adaptive_max_429_cooldown_secs,
        base_open_duration_seconds=row.adaptive_base_open_duration_secs,
        max_open_duration_seconds=row.adaptive_max_open_duration_secs,
    )


def _timeouts(row: models.Provider | models.Route | models.RelaySettings) -> dict[str, Any]:
    return {name: getattr(row, name) for name in models.TIMEOUTS}
