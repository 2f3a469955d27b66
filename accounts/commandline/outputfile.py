"""A file that a command writes: a new one, which only its owner may read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

from django.core.management.base import CommandError


def create(path: Path) -> BinaryIO:
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    except FileExistsError:
        raise CommandError(f"{path} exists already. Choose another name, or move it away.") from None
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}.") from None
    return os.fdopen(descriptor, "wb")
