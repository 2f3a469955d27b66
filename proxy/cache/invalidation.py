"""Which stored answers a call has made untrue that changed something at its provider (RFC 9111, section 4.4).

After a PUT, PATCH, DELETE or POST that did not fail, these are the answers to GET of its address, whatever
their query, of the listings that it stands in, and of what the answer names in Location and Content-Location
on the same provider. Asking a model for words changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import unquote, urljoin, urlsplit

from .. import provider_types
from ..configuration.configuration import Key, Provider
from ..headers import RawHeaders
from ..request.parsing import VERSION, Call
from ..sending.answer import Answer
from . import judging, keys, planning
from .cache import Cache

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
_NAMING = (b"location", b"content-location")


async def after(call: Call, key: Key, answer: Answer, provider: Provider, cache: Cache) -> None:
    """Returns when no process of this machine, and with Redis of none, gives them any more."""
    if not is_change(call, answer.status):
        return
    url = provider_types.of(provider).url(provider, call.rest, "", call.model)
    if paths := changed(call, url, answer.headers):
        reaches = planning.reaches_of(key)
        await cache.invalidate({keys.resource(reach, path) for reach in reaches for path in paths})


def is_change(call: Call, status: int) -> bool:
    if call.method in _SAFE or not 200 <= status < 400:
        return False
    return call.method != "POST" or call.endpoint.template not in judging.ENDPOINTS


def changed(call: Call, url: str, headers: RawHeaders) -> set[str]:
    """The paths under /v1 of which a GET may be stored. `url` is where the call went. Pure."""
    path = call.path.rstrip("/")
    around = (path, path.rpartition("/")[0], "/".join(path.split("/")[:3]))
    found = {*(around if judging.may_hold(path) else ()), *_named(call, url, headers)}
    return {each for each in found if judging.may_hold(each)}


def _named(call: Call, url: str, headers: RawHeaders) -> Iterator[str]:
    """What the provider calls by its own addresses, as paths of the relay."""
    base, rest = url.removesuffix(call.rest), call.rest
    if base == url and rest:
        return  # its addresses are not those of the relay with another beginning
    for name, value in headers:
        if name in _NAMING and (named := _absolute(url, value)).startswith(base):
            yield f"{VERSION}/{unquote(urlsplit(named[len(base) :]).path)}".rstrip("/")


def _absolute(url: str, value: bytes) -> str:
    """Empty of what is no address."""
    try:
        return urljoin(url, value.decode("latin-1").strip())
    except ValueError:
        return ""
