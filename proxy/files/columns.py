"""Which columns of which model a file may name."""

from __future__ import annotations

from django.db.models import Model

from accounts.fields import EncryptedTextField
from proxy.models import Processor, Provider, RelaySettings, Route

JSON_SUFFIX = "_json"  # of a member whose value is JSON text
_KEPT_HERE = {"id", "created_at", "updated_at"}


def _names(model: type[Model]) -> frozenset[str]:
    return frozenset(field.name for field in model._meta.concrete_fields) - _KEPT_HERE


PROVIDER = _names(Provider) - {"provider_key"}
PROCESSOR = _names(Processor) - {"name"}
ROUTE = _names(Route) | {"providers", "processors"}
SETTINGS = _names(RelaySettings)
SECRETS = frozenset(f.name for f in Provider._meta.concrete_fields if isinstance(f, EncryptedTextField))
