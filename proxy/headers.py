"""The one header policy, for every endpoint. docs/headers.md shows it; a test compares the two.

Names are lower-case bytes, values are passed as they came, repeats keep their number and order.
RFC 9110 section 7.6.1 tells which headers belong to one hop only.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

RawHeaders = list[tuple[bytes, bytes]]

HOP_BY_HOP = frozenset(
    b"connection keep-alive proxy-connection proxy-authenticate te trailer transfer-encoding upgrade".split()
)
CLIENT_CREDENTIALS = frozenset(
    b"authorization api-key x-api-key x-goog-api-key proxy-authorization cookie "
    b"openai-organization openai-project".split()
)
# Keys of another gateway. They go on, because that gateway may be the provider, and are nobody's to read.
GATEWAY_CREDENTIALS = frozenset(
    b"helicone-auth x-portkey-api-key x-portkey-virtual-key x-portkey-config x-litellm-api-key".split()
)
# What tells where the client sits, and what we write ourselves.
CLIENT_ROUTE = frozenset(
    b"host origin referer content-length expect forwarded via "
    b"x-real-ip x-client-ip x-cluster-client-ip true-client-ip".split()
)
CLIENT_ROUTE_PREFIXES = (b"x-forwarded-", b"cf-")
PROVIDER_ACCOUNT = frozenset(
    b"set-cookie openai-organization openai-project anthropic-organization-id".split()
)
# What the provider's edge says about itself; it would be wrong about us.
PROVIDER_EDGE = frozenset(
    b"server alt-svc strict-transport-security nel report-to reporting-endpoints "
    b"cf-ray cf-cache-status".split()
)
# Which web pages may call is ours to say.
PROVIDER_EDGE_PREFIXES = (b"access-control-",)
OURS = b"x-relay-"
# The recorder can undo these; anything else would make the record unreadable.
READABLE_ENCODINGS = frozenset({"gzip", "deflate", "zstd", "identity"})

PLAIN = (b"", b"identity")
# Of a client's headers, those that no provider gets.
NOT_SENT = HOP_BY_HOP | CLIENT_CREDENTIALS | CLIENT_ROUTE
NOT_SENT_PREFIXES = (OURS, *CLIENT_ROUTE_PREFIXES)

_DROP_FROM_CLIENT = NOT_SENT | {b"accept-encoding"}
_DROP_FROM_PROVIDER = HOP_BY_HOP | PROVIDER_ACCOUNT | PROVIDER_EDGE
_DROP_FROM_PROVIDER_PREFIXES = (OURS, *PROVIDER_EDGE_PREFIXES)
_MASKED_IN_RECORDS = (CLIENT_CREDENTIALS | GATEWAY_CREDENTIALS) - {b"openai-organization", b"openai-project"}


def to_provider(client: Iterable[tuple[bytes, bytes]], *, plain: bool) -> RawHeaders:
    """The client's headers as the provider gets them. `plain` asks for an unencoded answer."""
    one_hop: set[bytes] = set()
    encodings: list[bytes] = []
    kept: RawHeaders = []
    for header in client:
        name = header[0]
        if name in _DROP_FROM_CLIENT:
            if name == b"connection":
                one_hop |= _listed(header[1])
            elif name == b"accept-encoding":
                encodings.append(header[1])
        elif not name.startswith(NOT_SENT_PREFIXES):
            kept.append(header)
    kept = _without(kept, one_hop)
    if encodings:
        kept.append((b"accept-encoding", b"identity" if plain else _readable(b",".join(encodings))))
    return kept


@lru_cache(maxsize=256)
def is_sent(name: bytes) -> bool:
    """Whether a provider can know what the client wrote under this name."""
    return name not in NOT_SENT and not name.startswith(NOT_SENT_PREFIXES)


def to_client(provider: Iterable[tuple[bytes, bytes]], request_id: bytes) -> RawHeaders:
    """The provider's headers as the client gets them, with our request id."""
    kept = from_provider(provider)
    kept.append((b"x-relay-request-id", request_id))
    return kept


def from_provider(provider: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Those of its headers that are not dropped."""
    one_hop: set[bytes] = set()
    kept: RawHeaders = []
    for header in provider:
        name = header[0]
        if name in _DROP_FROM_PROVIDER:
            if name == b"connection":
                one_hop |= _listed(header[1])
        elif not name.startswith(_DROP_FROM_PROVIDER_PREFIXES):
            kept.append(header)
    return _without(kept, one_hop)


def without_hop_by_hop(headers: Iterable[tuple[bytes, bytes]]) -> RawHeaders:
    """Nor those that `connection` itself names. For a hop of our own, so all others stay."""
    headers = list(headers)
    named = [_listed(value) for name, value in headers if name.lower() == b"connection"]
    dropped = HOP_BY_HOP.union(*named)
    return [header for header in headers if header[0].lower() not in dropped]


def overlay(headers: RawHeaders, ours: RawHeaders) -> RawHeaders:
    """Ours instead of those of the same name."""
    names = {name for name, _ in ours}
    return [header for header in headers if header[0] not in names] + ours if ours else headers


def for_record(headers: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
    """Headers as text with credentials masked, as journal and record keep them."""
    return [
        [name.decode("latin-1"), "***" if name in _MASKED_IN_RECORDS else value.decode("latin-1")]
        for name, value in headers
    ]


def to_text(headers: Iterable[tuple[bytes, bytes]]) -> list[list[str]]:
    return [[name.decode("latin-1"), value.decode("latin-1")] for name, value in headers]


def from_text(headers: Iterable[Iterable[str]]) -> RawHeaders:
    return [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]


def first(headers: Iterable[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    for name, value in headers:
        if name == wanted:
            return value
    return b""


def is_plain(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Whether the body can be read as it is."""
    return first(headers, b"content-encoding") in PLAIN


def holds(headers: RawHeaders, media_type: bytes) -> bool:
    """Whether the body can be read as one of this type."""
    return is_plain(headers) and first(headers, b"content-type").startswith(media_type)


def _without(headers: RawHeaders, one_hop: set[bytes]) -> RawHeaders:
    """Nearly every `connection` header lists nothing but these two."""
    one_hop -= {b"close", b"keep-alive"}
    return [header for header in headers if header[0] not in one_hop] if one_hop else headers


def _listed(value: bytes) -> set[bytes]:
    return {name.strip().lower() for name in value.split(b",")}


def _readable(value: bytes) -> bytes:
    """`gzip, br;q=0.9, zstd` → `gzip, zstd`; the relay must be able to read what it records."""
    offers = [offer.strip() for offer in value.decode("latin-1").split(",")]
    kept = [offer for offer in offers if offer.split(";")[0].strip().lower() in READABLE_ENCODINGS]
    return ", ".join(kept).encode("latin-1") or b"identity"
