import os
import re
import time
from pathlib import Path

# The changelog is the only place a version is written.
_CHANGELOG = Path(__file__).resolve().parent.parent / "CHANGELOG.md"
_FOUND = re.search(r"^## v?(\d\S*)", _CHANGELOG.read_text(encoding="utf-8"), re.MULTILINE)
if _FOUND is None:
    raise RuntimeError("CHANGELOG.md has no heading of the form '## v1.2.3 - date'.")
VERSION = _FOUND[1]
STARTED_AT = time.monotonic()  # of this process


def _start_again() -> None:
    global STARTED_AT
    STARTED_AT = time.monotonic()


os.register_at_fork(after_in_child=_start_again)
