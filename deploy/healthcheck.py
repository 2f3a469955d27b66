"""`python -m deploy.healthcheck`: exit code 0 while the relay of this container serves."""

from __future__ import annotations

import os
import sys
import urllib.error
import urllib.request

SECONDS = 4.0


def main() -> int:
    port = os.environ.get("LISTEN_ADDR", "").rpartition(":")[2] or os.environ.get("PORT") or "8000"
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=SECONDS)
    except (urllib.error.URLError, TimeoutError) as error:
        print(f"/health does not answer: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
