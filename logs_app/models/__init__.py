"""What happened.

Records outlive what they describe: no foreign keys; ids and names of that moment are plain columns.
"""

from logs_app.models.alerts import AlertRule, AlertState
from logs_app.models.attempts import Attempt
from logs_app.models.dispatchers import Dispatcher
from logs_app.models.journal import JournalCursor, Node
from logs_app.models.keyusage import KeyUsage
from logs_app.models.logsettings import LogSettings
from logs_app.models.payloads import LogPayload
from logs_app.models.prices import ModelPrice
from logs_app.models.records import LogRecord, LogRecordQuerySet, Outcome
from logs_app.models.redactionrules import RedactionRule
from logs_app.models.rollups import Rollup, Series
from logs_app.models.searching import RecordTag, SearchCursor, SearchText
from logs_app.models.subscribers import Claim, DeadLetter, Subscriber, SubscriberCursor
from logs_app.models.visibility import may_reveal, may_see

__all__ = [
    "AlertRule",
    "AlertState",
    "Attempt",
    "Claim",
    "DeadLetter",
    "Dispatcher",
    "JournalCursor",
    "KeyUsage",
    "LogPayload",
    "LogRecord",
    "LogRecordQuerySet",
    "LogSettings",
    "ModelPrice",
    "Node",
    "Outcome",
    "RecordTag",
    "RedactionRule",
    "Rollup",
    "SearchCursor",
    "SearchText",
    "Series",
    "Subscriber",
    "SubscriberCursor",
    "may_reveal",
    "may_see",
]
