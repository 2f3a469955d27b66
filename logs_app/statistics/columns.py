"""What calls can be divided by, and the columns that say it."""

from __future__ import annotations

# What each division is by; of two columns the second is the name of the first. Sums are kept by the first
# ones, the others are read from records.
OF_SERIES: dict[str, tuple[str, ...]] = {
    "project": ("project_id", "project"),
    "key": ("key_id", "key_name"),
    "model": ("model",),
    "provider": ("provider",),
    "endpoint": ("endpoint",),
    "status": ("status_code",),
    "outcome": ("outcome",),
}
OF_RECORDS: dict[str, tuple[str, ...]] = {
    "fingerprint": ("prompt_fingerprint",),
    "session": ("session",),
    "user": ("end_user",),
    "client_ip": ("client_ip",),
}
GROUPS = OF_SERIES | OF_RECORDS
