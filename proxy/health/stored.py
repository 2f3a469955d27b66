"""How the providers in the database stand: what their breakers know, unless no call can go there at all."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from accounts import singlerow
from accounts.models import Project

from ..configuration import rows
from ..configuration.configuration import Breaker
from ..configuration.configuration import Provider as ConfiguredProvider
from ..models import Provider, RelaySettings
from ..routing.catalogue import Catalogue
from . import standing
from .standing import Standing


def read() -> dict[str, tuple[str, str]]:
    """By name of those that are enabled, for whoever knows nothing of them: a status, and a sentence."""
    found = Provider.objects.filter(is_enabled=True)
    each = zip(found, of(found), strict=True)
    return {row.provider_key: (stands.status, stands.words) for row, stands in each}


def of(found: Iterable[Provider]) -> list[Standing]:
    """Of each in its turn, read for all of them at once."""
    providers = [rows.provider_of(row) if row.is_enabled else None for row in found]
    held, bare = rules(), [each.provider_key for each in providers if each is not None and _is_bare(each)]
    lent = {provider_key for provider_key, _ in own_keys(bare)} if bare else set()
    return [_of(provider, held, lent) for provider in providers]


def rules() -> Breaker:
    return rows.breaker_of(singlerow.read(RelaySettings))


def own_keys(provider_keys: Collection[str]) -> list[tuple[str, str]]:
    """The projects that bring a key of their own for one of these providers: its name, and theirs."""
    projects = Project.objects.listed().filter(provider_key__in=provider_keys)
    # Which have a key of their own cannot be asked of an encrypted column, only whether it is empty.
    found = projects.values_list("provider_key", "name", "upstream_key")
    return [(provider_key, name) for provider_key, name, key in found if key]


def _of(provider: ConfiguredProvider | None, held: Breaker, lent: Collection[str]) -> Standing:
    """One without a key is as it should be where projects bring theirs."""
    if provider is None:
        return standing.of(None, held)
    judged = replace(provider, api_key="of a project") if provider.provider_key in lent else provider
    problem = Catalogue((judged,)).problem(judged)
    return standing.unusable(problem) if problem else standing.of(provider, held)


def _is_bare(provider: ConfiguredProvider) -> bool:
    return not provider.api_key and not provider.error
