"""The pages of the admin, one module for each kind of thing."""

from logs_app.admin.prices import ModelPriceAdmin
from logs_app.admin.records import LogRecordAdmin

__all__ = ["LogRecordAdmin", "ModelPriceAdmin"]
