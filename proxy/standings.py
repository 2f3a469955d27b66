"""How the providers stand on this machine, for whoever knows nothing of them: the settings name `read`."""

from __future__ import annotations

from .api.providers import rules, standing_of
from .models import Provider


def read() -> dict[str, tuple[str, str]]:
    """By name of those that are enabled: a status of `standing`, and a sentence."""
    held, found = rules(), {}
    for row in Provider.objects.filter(is_enabled=True):
        stands = standing_of(row, held)
        found[row.provider_key] = (stands.status, stands.words)
    return found
