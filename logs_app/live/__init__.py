"""What goes on at this moment: open exchanges, answers while they come, records as they are made.

    recorder ── live.sock ──▶ console ── websockets ──▶ browsers
    (`window`, `flights`,     (`line`, `arrivals`, `present`,
     `watched`)                `consumers`)

The recorder reads the journal within a tenth of a second and knows what is open; it tells whoever asks on a
Unix socket of DATA_DIR, and nobody when nobody asks. Only the machine's own exchanges are known to it.
Records that are made come from the database instead, by the number that each has on its node, so those of
other machines come too.

Failure policy: nothing here stops or slows the recording. Who does not read loses what it missed, and is
told; while the recorder is away there is nothing in flight to be seen, and whoever watches waits for it.
"""

from __future__ import annotations

from logs_app.live.flights import Flight, Flights
from logs_app.live.line import in_flight

__all__ = ["Flight", "Flights", "in_flight"]
