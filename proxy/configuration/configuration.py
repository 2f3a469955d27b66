"""The configuration as the lane sees it: immutable values, no database behind them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from accounts import loglevels
from accounts.budgets import budget
from accounts.budgets.budget import Budget

from ..cache.policy import NO_POLICY as NO_CACHE_POLICY
from ..cache.policy import CachePolicy
from ..cache.purge import Purge
from ..routing.catalogue import Catalogue


@dataclass(frozen=True, slots=True)
class Limits:
    """None is unlimited, 0 blocks."""

    rate_limit: int | None = None
    rate_limit_per_minute: int | None = None
    tokens_per_minute: int | None = None
    max_concurrent_streams: int | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """What requests may be like. Empty allows everything; with an `error` nothing is allowed."""

    param_whitelist: tuple[tuple[str, tuple[str, ...]], ...] = ()
    allowed_origins: tuple[str, ...] = ()
    required_headers: tuple[str, ...] = ()  # lower-case
    allowed_endpoints: tuple[str, ...] = ()  # without /v1/
    allowed_methods: tuple[str, ...] = ()
    error: str | None = None

    @property
    def allows_all(self) -> bool:
        return self == NO_POLICY


NO_LIMITS = Limits()
NO_POLICY = Policy()


@dataclass(frozen=True, slots=True)
class Project:
    """`upstream_error` says why its own key cannot be used: the calls must not go out with another one."""

    id: str
    name: str
    is_active: bool = True
    allowed_models: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    policy: Policy = NO_POLICY
    upstream_key: str = field(default="", repr=False)
    provider_key: str = "default"
    allow_shared_providers: bool = False
    log_policy: str = "full"
    upstream_error: str | None = None
    cache_policy: CachePolicy = NO_CACHE_POLICY


@dataclass(frozen=True, slots=True)
class Key:
    """What a client calls with. `expires_at`, in seconds of the epoch, is for the caller to compare.

    `allowed_models` empty: all of them. `max_requests` is of tokens only.
    """

    id: str
    kind: str  # "credential" or "token"
    name: str
    prefix: str
    project: Project | None = None
    expires_at: float | None = None
    is_former: bool = False  # its secret is the one before a rotation, and expires with the grace
    is_active: bool = True
    allowed_models: tuple[str, ...] = ()
    limits: Limits = NO_LIMITS
    max_requests: int | None = None
    log_policy: str | None = None  # None: as its project
    # What every call counts against, its project's included; empty without any limit.
    budgets: tuple[Budget, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        own, project = self.limits, self.project
        budgets: tuple[Budget, ...] = ()
        if own != NO_LIMITS:
            budgets = budget.of(f"{self.kind}:{self.id}", f"key '{self.name or self.prefix}'", own)
        if project is not None and project.limits != NO_LIMITS:
            budgets += budget.of(f"project:{project.id}", f"project '{project.name}'", project.limits)
        object.__setattr__(self, "budgets", budgets)

    @property
    def log_level(self) -> str:
        """The most that may be recorded of its calls."""
        return loglevels.lowest(self.log_policy, self.project.log_policy if self.project else None)

    @property
    def project_id(self) -> str | None:
        return self.project.id if self.project else None

    @property
    def project_name(self) -> str | None:
        return self.project.name if self.project else None

    @property
    def project_is_active(self) -> bool:
        return self.project is None or self.project.is_active


@dataclass(frozen=True, slots=True)
class Provider:
    """An enabled provider. `error` says why it cannot be used; times and switches of None: as in Settings.

    `key_owner` names the project whose own key this one carries.
    """

    id: int
    provider_key: str
    provider_type: str
    api_base: str
    api_key: str = field(repr=False)
    extra_api_keys: tuple[str, ...] = field(default=(), repr=False)
    model_mapping: Mapping[str, Any] = field(default_factory=dict, hash=False)
    endpoints: tuple[str, ...] = ()  # without /v1/; empty: all
    supports_streaming: bool = True
    weight: int = 1
    priority: int = 0  # the lowest is asked first
    params: Mapping[str, Any] = field(default_factory=dict, hash=False)
    policy: Policy = NO_POLICY
    inject_stream_usage: bool | None = None
    http_max_retries: int | None = None
    connect_timeout_seconds: float | None = None
    first_byte_timeout_seconds: float | None = None
    idle_timeout_seconds: float | None = None
    total_timeout_seconds: float | None = None
    allows_internal_address: bool = False
    error: str | None = None
    key_owner: str | None = None

    def carrying(self, key: str, owner: str) -> Provider:
        """With a project's own key. What is wrong with the provider's own keys does not matter then."""
        return replace(self, api_key=key, extra_api_keys=(), key_owner=owner, error=None)


@dataclass(frozen=True, slots=True)
class Processor:
    name: str
    type: str
    config_value: str = ""
    additional_config: Mapping[str, Any] = field(default_factory=dict, hash=False)
    skips_on_error: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """An enabled route. `provider_ids` empty: all providers; `processors` are the enabled ones in order."""

    name: str
    path_prefix: str
    provider_ids: frozenset[int] = frozenset()
    processors: tuple[Processor, ...] = ()
    allow_streaming: bool = True
    allow_non_streaming: bool = True
    buffer_streaming: bool = False
    hold_preamble: bool | None = None
    allowed_origins: tuple[str, ...] = ()
    cache_policy: CachePolicy = NO_CACHE_POLICY
    connect_timeout_seconds: float | None = None
    first_byte_timeout_seconds: float | None = None
    idle_timeout_seconds: float | None = None
    total_timeout_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Breaker:
    """When a provider that fails is left out, and how it comes back. Thresholds count failures in a row."""

    is_enabled: bool = True
    min_multiplier: float = 0.05
    half_open_weight_factor: float = 0.2
    success_recovery_step: float = 0.1
    slow_start_window_seconds: float = 60
    threshold_429: int = 3
    threshold_5xx: int = 5
    transport_threshold: int = 4
    half_open_success_threshold: int = 2
    half_open_max_probes: int = 1
    base_429_cooldown_seconds: float = 15
    max_429_cooldown_seconds: float = 300
    base_open_duration_seconds: float = 30
    max_open_duration_seconds: float = 300


@dataclass(frozen=True, slots=True)
class Settings:
    default_model: str
    connect_timeout_seconds: float
    first_byte_timeout_seconds: float
    idle_timeout_seconds: float
    total_timeout_seconds: float | None
    inject_stream_usage: bool
    policy: Policy = NO_POLICY  # of all calls; the project's must allow as well
    provider_suffix: str = ""
    rewrite_response_model: bool = True
    chooses_randomly: bool = False
    http_max_retries: int = 0
    max_failovers: int = 2
    failover_maybe_sent: bool = True
    hold_preamble: bool = False
    health_interval_seconds: float = 30
    breaker: Breaker = Breaker()


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The whole configuration at one version. `keys` is by the secret's SHA-256, never changed in place."""

    version: int
    keys: Mapping[bytes, Key] = field(repr=False)
    providers: tuple[Provider, ...]
    settings: Settings
    routes: tuple[Route, ...] = ()  # the longest prefix first
    purges: tuple[Purge, ...] = ()  # of stored answers, the latest, in their order
    _catalogue: Catalogue | None = field(default=None, repr=False, compare=False)

    @property
    def catalogue(self) -> Catalogue:
        """Carried over as long as the providers are the same."""
        found = self._catalogue
        if found is None or found.providers is not self.providers:
            found = Catalogue(self.providers)
            object.__setattr__(self, "_catalogue", found)
        return found

    def find_key(self, digest: bytes) -> Key | None:
        # Its timing could at most tell bits of a stored digest, and not even from a whole digest can a
        # random secret be computed: constant enough.
        return self.keys.get(digest)

    def only(self, provider_key: str) -> Snapshot:
        """The same, with no other provider."""
        return replace(self, providers=tuple(p for p in self.providers if p.provider_key == provider_key))
