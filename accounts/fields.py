"""A text column that is encrypted at rest."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from .secrets import encryption

# Version 0x80 and the high bytes of a time stamp, in base64: every Fernet token of this century begins so.
FERNET_MARK = "gAAAAA"


class Ciphertext(str):
    """A value as stored. Saved back unchanged, so an unreadable one survives the edit of its neighbours."""


class DecryptingAttribute(DeferredAttribute):
    """Decrypts on access, not on load: one unreadable value must not make its whole table unreadable."""

    def __get__(self, instance: Any, cls: Any = None) -> Any:
        value = super().__get__(instance, cls)
        return encryption.decrypt(value) if isinstance(value, Ciphertext) else value

    def __set__(self, instance: Any, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class EncryptedTextField(models.TextField):
    """Compares with nothing but NULL: equal values have different ciphertexts. Empty is stored as empty.

    `values()` and `values_list()` give the ciphertext, and so does `dumpdata`; `loaddata` takes it back.
    """

    descriptor_class = DecryptingAttribute

    def get_lookup(self, lookup_name: str) -> Any:
        return super().get_lookup(lookup_name) if lookup_name == "isnull" else None

    def get_transform(self, lookup_name: str) -> None:
        return None

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str | None:
        return Ciphertext(value) if value else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.startswith(FERNET_MARK):
            return Ciphertext(value)
        return super().to_python(value)

    def pre_save(self, model_instance: models.Model, add: bool) -> Any:
        return model_instance.__dict__[self.attname]

    def get_prep_value(self, value: Any) -> Any:
        if not value or isinstance(value, Ciphertext):
            return value
        return Ciphertext(encryption.encrypt(str(value)))

    def value_to_string(self, obj: models.Model) -> str:
        return str(self.get_prep_value(obj.__dict__[self.attname]) or "")
