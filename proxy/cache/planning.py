"""From a call to what the cache has to do with it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from logs_app.assembly import correlation

from ..configuration.configuration import Key as CallerKey
from ..exchange import Exchange
from ..headers import RawHeaders, first
from ..modellists import modellist
from ..request.edits import Outgoing
from . import judging, keys, policy, wishes
from .choosing import Asked
from .entry import Label
from .freshness import Grant
from .plan import Plan
from .policy import NO_POLICY, CachePolicy
from .wishes import Wish

if TYPE_CHECKING:
    from ..runtime import Runtime

_READS = ("GET", "HEAD")


def concerns(exchange: Exchange) -> bool:
    """Whether anybody wants the cache to look at this call: the cheap question, asked of all of them."""
    if exchange.lineage is not None and not exchange.wants_cache:  # a call made again is to be made
        return False
    call, key, route = exchange.call, exchange.key, exchange.route
    if call.method in _READS or wishes.names_cache(call.headers):
        return True
    project = key.project if key is not None else None
    return (project is not None and project.cache_policy.is_always) or (
        route is not None and route.cache_policy.is_always
    )


def make(exchange: Exchange, outgoing: Outgoing, runtime: Runtime) -> Plan | str:
    """Why not, where the cache keeps out; empty where nobody asked it to do more."""
    call, key, cache = exchange.call, exchange.key, runtime.cache
    assert key is not None and cache is not None
    rules = rules_for(exchange)
    wish = wishes.read(call.headers)
    if rules.is_off:
        return "the project or the route keeps the cache off" if wish.is_granted else ""
    is_read = call.method in _READS
    grant = _grant(wish, rules, cache.default_ttl, is_read=is_read)
    if not (is_read or grant or wish.directives.only_if_cached):
        return wish.refusal if rules.is_always or first(call.headers, wishes.HEADER) else ""
    if why := wish.refusal or judging.refusal_of(call):
        return why if grant or not is_read or wish.refusal else ""
    if call.is_streaming and not cache.stores_streams:
        return "streams are not cached here"
    if modellist.is_limited(exchange, runtime.snapshots.current.settings):
        return "this list is cut for the key"
    return _plan(exchange, outgoing, runtime, rules, wish, grant)


def rules_for(exchange: Exchange) -> CachePolicy:
    project = exchange.key.project if exchange.key else None
    of_project = project.cache_policy if project else NO_POLICY
    of_route = exchange.route.cache_policy if exchange.route else NO_POLICY
    return of_project if of_route is NO_POLICY else policy.combined(of_project, of_route)


def _grant(wish: Wish, rules: CachePolicy, default_ttl: int, *, is_read: bool) -> Grant | None:
    """A policy of keeping everything means what models say; a GET follows its own rules unless asked for."""
    if wish.refusal or not (wish.is_granted or (rules.is_always and not is_read)):
        return None
    said = wish.directives
    return Grant(
        wish.ttl or rules.ttl or default_ttl,
        said.stale_while_revalidate or rules.stale_while_revalidate or 0,
        said.stale_if_error or rules.stale_if_error or 0,
    )


def _plan(
    exchange: Exchange,
    outgoing: Outgoing,
    runtime: Runtime,
    rules: CachePolicy,
    wish: Wish,
    grant: Grant | None,
) -> Plan | str:
    call, key, cache = exchange.call, exchange.key, runtime.cache
    assert key is not None and cache is not None
    body: bytes | None = b""
    options = None
    if call.document is not None:
        body = keys.canonical(call.document, outgoing.model, rules.ignore or ())
        options = call.document.get("stream_options")
    if body is None:
        return "the request cannot be spelled exactly"
    is_read = call.method in _READS
    target = ("GET" if is_read else call.method, call.rest, call.query, _way(exchange))
    headers: RawHeaders = [] if is_read else call.headers
    resource = keys.resource(reaches_of(key)[-1], call.path) if is_read else ""
    wants_usage = isinstance(options, dict) and options.get("include_usage") is True
    return Plan(
        cache=cache,
        key=keys.of(scope_of(key, rules), target, headers, rules.ignore_headers or (), body, resource),
        label=_label(exchange, outgoing),
        asked=Asked(call.headers, call.is_streaming, wants_usage, call.path),
        wish=wish.directives,
        grant=grant,
        model=outgoing.model,
        may_store=call.method != "HEAD" and (grant is not None or is_read),
        original_pace=bool(rules.original_pace),
        body=call.body or b"",
        asked_at=time.time(),
    )


def scope_of(key: CallerKey, rules: CachePolicy) -> str:
    """Whose the answers are. What a project pays for with its own provider's key stays its own."""
    if key.project is None or rules.shares_within == "key":
        return f"{key.kind}:{key.id}"
    return reaches_of(key)[-1]


def reaches_of(key: CallerKey) -> tuple[str, ...]:
    """Who hears of what a call with this key changes: its project, and last all that share where it does."""
    project = key.project
    if project is None:
        return (f"{key.kind}:{key.id}",)
    is_shared = project.cache_policy.shares_within == "shared" and not (
        project.upstream_key or project.upstream_error
    )
    own = f"project:{project.id}"
    return (own, "shared") if is_shared else (own,)


def _way(exchange: Exchange) -> str:
    """What a route and its steps, as they are now, make of the question."""
    route = exchange.route
    return "" if route is None else f"{route.name}\n{route.processors!r}"


def _label(exchange: Exchange, outgoing: Outgoing) -> Label:
    call, key = exchange.call, exchange.key
    named = [(n.decode("latin-1"), v.decode("latin-1")) for n, v in call.headers if n.endswith(b"-tags")]
    return Label(
        "GET" if call.method == "HEAD" else call.method,
        (call.asked_path or call.path).rstrip("/"),
        call.query,
        tuple(dict.fromkeys(name for name in (call.model, outgoing.model) if name)),
        key.project_id or "" if key is not None else "",
        tuple(correlation.tags(dict(named))) if named else (),
    )
