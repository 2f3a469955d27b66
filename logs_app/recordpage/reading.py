"""A record's conversation."""

from __future__ import annotations

from logs_app import conversation, multipart, payloads
from logs_app.conversation import Conversation
from logs_app.models import LogRecord
from logs_app.presentation import presentation


def read(record: LogRecord) -> Conversation:
    payload = record.payload
    path = record.endpoint or record.path
    answer = presentation.response_body(payload)
    content, content_type = payloads.unpack(payload.request_body), payload.request_content_type
    fields = None if payload.request_cut else multipart.read(content, content_type)
    if fields is not None:
        return conversation.read(path, fields, answer, multipart.uploads(content, content_type))
    return conversation.read(path, presentation.request_body(payload), answer)
