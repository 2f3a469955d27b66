"""Dispatchers: subscribers that deliver events to sinks. See docs/events.md."""
