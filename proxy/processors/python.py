"""A class of the operator's own, named by its dotted path.

Only a subclass of UserProcessor is ever called, so that the path of some other class does nothing.
"""

from __future__ import annotations

import asyncio
import copy
import inspect
from collections.abc import Awaitable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, ClassVar, Self

from django.utils.module_loading import import_string
from django.utils.translation import gettext as _

from .options import Invalid, Options, required
from .step import Context, Document, Failed

TIMEOUT_SECONDS = 30.0
# Not the loop's own threads, which look up the providers' names: a slow step must not stop these.
_threads = ThreadPoolExecutor(16, thread_name_prefix="processor")


class UserProcessor:
    """Made once for a configuration and used by all its calls at once: keep nothing of a call in it.

    `settings` is the processor's `additional_config` without `timeout_seconds`. A ValueError raised by
    `__init__` is shown to whoever saves the processor.
    """

    def __init__(self, settings: dict[str, Any]) -> None:
        self.settings = settings

    def process(self, document: Document, context: Context) -> Document | None | Awaitable[Document | None]:
        """The request as it goes on, or None when it goes on as it came.

        `async def` runs among the calls and must never block; a plain `def` runs in a thread. `document` is
        its own copy. Raise `Failed` with words for the caller; of any other exception only the type is told.
        """
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Python:
    needs_document: ClassVar[bool] = True
    processor: UserProcessor
    timeout_seconds: float

    @classmethod
    def parse(cls, value: str, options: Options) -> Self:
        timeout_seconds = options.seconds("timeout_seconds", TIMEOUT_SECONDS)
        made = _class_at(required(value, _("the dotted path of a class")).strip())
        settings = {name: given for name, given in options.everything().items() if name != "timeout_seconds"}
        try:
            return cls(made(settings), timeout_seconds)
        except Exception as error:
            raise Invalid(
                _("The class does not take these settings: %(kind)s: %(words)s.")
                % {"kind": type(error).__name__, "words": error}
            ) from error

    async def process(self, document: Document, context: Context) -> Document:
        process, own = self.processor.process, copy.deepcopy(document)
        try:
            async with asyncio.timeout(self.timeout_seconds):
                if inspect.iscoroutinefunction(process):
                    found = await process(own, context)
                else:
                    loop = asyncio.get_running_loop()
                    found = await loop.run_in_executor(_threads, process, own, context)
        except TimeoutError:
            raise Failed(f"it took longer than {self.timeout_seconds:g} seconds") from None
        if found is not None and not isinstance(found, dict):
            raise Failed("it returned something that is no request")
        return document if found is None else found


def _class_at(path: str) -> type[UserProcessor]:
    try:
        found = import_string(path)
    except Exception as error:
        raise Invalid(
            _("%(path)s cannot be imported: %(words)s.") % {"path": path, "words": error}, "config_value"
        ) from error
    if not (isinstance(found, type) and issubclass(found, UserProcessor)):
        raise Invalid(
            _("%(path)s is no subclass of proxy.processors.UserProcessor.") % {"path": path}, "config_value"
        )
    return found
