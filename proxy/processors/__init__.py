"""The steps that requests of a route take, in order, before they go out.

step           what a step is, and what it may know of its call
chain          a route's steps one after the other, and what happens when one fails
types          the table of types, and what is wrong with a configuration
options        `additional_config`, read strictly
texts          where a request has texts, in each protocol
rewriting      what a step changed, member by member, so that no other byte of the body moves

One module for each type: openai_chat, system_prompt, parameters (set_params, drop_params), limit_params,
regex_replace, logger, python.

The models import this package to judge what is saved, so it leaves `chain`, which knows calls, to be imported
by its name.
"""

from __future__ import annotations

from .python import UserProcessor
from .step import Context, Failed
from .types import TYPES, refusal_of

__all__ = ["TYPES", "Context", "Failed", "UserProcessor", "refusal_of"]
