"""What is told to others of an exchange: see docs/events.md."""

from logs_app.events.event import VERSION, Event, Message
from logs_app.events.sample import sample

__all__ = ["VERSION", "Event", "Message", "sample"]
