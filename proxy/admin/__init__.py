"""The pages of routing in the admin."""

from .providers import ProviderAdmin
from .settings import RelaySettingsAdmin

__all__ = ["ProviderAdmin", "RelaySettingsAdmin"]
