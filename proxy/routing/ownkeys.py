"""Projects that bring their own key of a provider. It belongs to one provider and is sent to no other.

Failure policy: when that provider cannot be used, the call is answered 503. It neither goes elsewhere nor out
with somebody else's key.
"""

from __future__ import annotations

from .. import errors, refusals
from ..access import policy
from ..configuration.configuration import Project, Provider, Snapshot
from ..request.parsing import Call
from .catalogue import Candidate


def provider_of(project: Project | None, snapshot: Snapshot) -> Provider | None:
    """The provider of the project's own key, carrying that key. None for a project without one."""
    if project is None or not (project.upstream_key or project.upstream_error):
        return None
    provider = next((p for p in snapshot.providers if p.provider_key == project.provider_key), None)
    if provider is None:
        raise refusals.project_provider_missing(project.name, project.provider_key)
    if project.upstream_error:
        raise errors.provider_unusable(provider.provider_key, project.upstream_error)
    return provider.carrying(project.upstream_key, project.name)


def candidate_of(
    project: Project | None, snapshot: Snapshot, call: Call, model: str | None
) -> Candidate | None:
    """That provider as the one that a call goes to. Raises RelayError where its policy refuses the call."""
    provider = provider_of(project, snapshot)
    if provider is None:
        return None
    found = snapshot.catalogue.candidate(provider, model, call.endpoint, call.is_streaming)
    _, refusal = policy.permitted(call, (found,), snapshot.settings)
    if refusal is not None:
        raise refusal
    return found
