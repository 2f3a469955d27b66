"""The pages of the admin, one module for each kind of thing."""

from logs_app.admin.alerts import AlertRuleAdmin
from logs_app.admin.deadletters import DeadLetterAdmin
from logs_app.admin.dispatchers import DispatcherAdmin
from logs_app.admin.prices import ModelPriceAdmin
from logs_app.admin.records import LogRecordAdmin
from logs_app.admin.redaction import RedactionRuleAdmin
from logs_app.admin.settings import LogSettingsAdmin

__all__ = [
    "AlertRuleAdmin",
    "DeadLetterAdmin",
    "DispatcherAdmin",
    "LogRecordAdmin",
    "LogSettingsAdmin",
    "ModelPriceAdmin",
    "RedactionRuleAdmin",
]
