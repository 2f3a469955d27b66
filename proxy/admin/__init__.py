"""The pages of routing in the admin."""

from .processors import ProcessorAdmin
from .providers import ProviderAdmin
from .routes import RouteAdmin
from .settings import RelaySettingsAdmin

__all__ = ["ProcessorAdmin", "ProviderAdmin", "RelaySettingsAdmin", "RouteAdmin"]
