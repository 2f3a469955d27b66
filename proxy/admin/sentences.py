"""What a processor does, as a sentence with its own values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ..models import OnError, Processor
from ..processors.parameters import IF_MISSING

LONGEST_QUOTE = 80
_PROMPTS = {
    "prepend": gettext_lazy("Puts this before the caller's system prompt: %(text)s"),
    "append": gettext_lazy("Puts this after the caller's system prompt: %(text)s"),
    "replace": gettext_lazy("Puts this in the place of the caller's system prompt: %(text)s"),
}


def of(processor: Processor) -> str:
    more = processor.additional_config if isinstance(processor.additional_config, Mapping) else {}
    said = _of_type(processor.type, processor.config_value, more)
    if not processor.is_enabled:
        return said + " " + _("It is switched off, so it is left out.")
    if processor.on_error == OnError.SKIP:
        return said + " " + _("When it fails, the call goes on without it.")
    return said


def _of_type(type_: str, value: str, more: Mapping[str, Any]) -> str:
    match type_:
        case "system_prompt":
            words = _PROMPTS.get(str(more.get("mode", "prepend")), _PROMPTS["prepend"])
            return str(words % {"text": _quoted(value)})
        case "openai_chat":
            return _("Asks the model %(name)s to write the user's last message anew.") % {"name": value}
        case "set_params":
            values = ", ".join(f"{name} = {each}" for name, each in more.items())
            if value == IF_MISSING:
                return _("Sets, where the caller gives none: %(values)s.") % {"values": _short(values)}
            return _("Sets, whatever the caller gives: %(values)s.") % {"values": _short(values)}
        case "drop_params":
            return _("Takes away: %(values)s.") % {"values": _short(value)}
        case "limit_params":
            return _("Keeps within bounds: %(values)s.") % {"values": _short(", ".join(more))}
        case "regex_replace":
            names = {"find": _quoted(value), "put": _quoted(str(more.get("replacement", "")))}
            return _("Replaces what matches %(find)s with %(put)s.") % names
        case "logger":
            return _("Writes a line to the log and changes nothing.")
        case "python":
            return _("Runs the class %(name)s.") % {"name": value}
    return _("There is no such type of processor: %(name)s.") % {"name": type_}


def _quoted(text: str) -> str:
    return f"“{_short(text)}”"


def _short(text: str) -> str:
    return Truncator(" ".join(text.split())).chars(LONGEST_QUOTE)
