"""The whole relay as one ASGI application: the lane, Django, and websockets through Channels.

`daphne relay.asgi:application` serves all of it in one process; `manage.py serve` gives each its own.
"""

import os
import sys
from typing import Any

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "relay.settings")
django_application = get_asgi_application()

from channels.routing import ProtocolTypeRouter, URLRouter  # noqa: E402
from django.conf import settings  # noqa: E402
from django.urls import re_path  # noqa: E402

from logs_app.live import consumers  # noqa: E402
from proxy import lane, websocketrefusals  # noqa: E402
from relay.http import forwarded  # noqa: E402
from relay.http.server import Server  # noqa: E402

# One busy thread (an admin page, an export) must not hold the lane for the usual 5 ms a turn.
SWITCH_INTERVAL_SECONDS = 0.0005
sys.setswitchinterval(SWITCH_INTERVAL_SECONDS)

websockets = URLRouter(
    [
        re_path(r"^v1(?:/|$)", websocketrefusals.Refusal.as_asgi()),
        re_path(r"^admin/live/logs/$", consumers.Records.as_asgi()),
        re_path(r"^admin/live/logs/(?P<pk>[0-9a-f-]{36})/$", consumers.Answer.as_asgi()),
        re_path("", websocketrefusals.Unknown.as_asgi()),
    ]
)


def behind_proxies(protocols: Any) -> Any:
    """The client as the trusted proxies saw it; without such proxies nothing stands in the way."""
    trusted = settings.TRUSTED_PROXIES
    return forwarded.behind_proxies(protocols, trusted) if trusted else protocols


async def http(scope: Any, receive: Any, send: Any) -> None:
    serve = lane.handle if await lane.will_take(scope["path"]) else django_application
    await serve(scope, receive, send)


application = behind_proxies(ProtocolTypeRouter({"http": http, "websocket": websockets}))
# On the private socket, where what the workers say about the client is believed. The lane is theirs.
console = forwarded.behind_workers(ProtocolTypeRouter({"http": django_application, "websocket": websockets}))


# Under the plain `daphne` command, its server class is the place where the gaps are closed.
if "daphne.cli" in sys.modules:
    sys.modules["daphne.cli"].CommandLineInterface.server_class = Server
