"""The table of types, by the name that a processor's row has."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.utils.translation import gettext as _

from ..configuration.configuration import Processor
from .limit_params import LimitParameters
from .logger import Logger
from .openai_chat import OpenAIChat
from .options import Invalid, Options
from .parameters import DropParameters, SetParameters
from .python import Python
from .regex_replace import RegexReplace
from .step import Step
from .system_prompt import SystemPrompt

TYPES: dict[str, type[Step]] = {
    "openai_chat": OpenAIChat,
    "system_prompt": SystemPrompt,
    "set_params": SetParameters,
    "drop_params": DropParameters,
    "limit_params": LimitParameters,
    "regex_replace": RegexReplace,
    "logger": Logger,
    "python": Python,
}


@lru_cache(maxsize=1024)
def of(processor: Processor) -> Step:
    """Raises Invalid. One step serves all calls; another configuration is another step."""
    return make(processor.type, processor.config_value, processor.additional_config)


def make(type_: str, config_value: str, additional_config: Any) -> Step:
    if type_ not in TYPES:
        raise Invalid(
            _("There is no type '%(type)s'. There are %(names)s.")
            % {"type": type_, "names": ", ".join(TYPES)},
            "type",
        )
    options = Options(additional_config)
    step = TYPES[type_].parse(config_value, options)
    options.check_names()
    return step


def refusal_of(type_: str, config_value: str, additional_config: Any) -> Invalid | None:
    """What is wrong with a configuration, to be said where it is saved."""
    try:
        make(type_, config_value, additional_config)
    except Invalid as error:
        return error
    return None
