"""Asks a provider whether it accepts the own key of a project."""

from __future__ import annotations

from typing import Any

from .. import models
from ..configuration import rows
from . import check


def test(project: Any) -> tuple[bool, str]:
    """Whether it does, and a sentence. What is found says nothing of the provider, so nobody is told."""
    row = models.Provider.objects.filter(provider_key=project.provider_key).first()
    if row is None:
        return (
            False,
            f"There is no provider '{project.provider_key}': choose the one that the key belongs to.",
        )
    if not row.is_enabled:
        return False, f"The provider '{row}' is disabled, so the calls of this project are refused."
    provider = rows.provider_of(row).carrying(project.upstream_key, project.name)
    (report,) = check.run([(provider, None)])
    return report.is_ok, report.words
