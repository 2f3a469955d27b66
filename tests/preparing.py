"""What a start does before its processes: tables, first user, first key, first provider."""

from __future__ import annotations

import os

import django

from relay.start import first_run

if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "relay.settings"
    django.setup()
    first_run.prepare("http://relay", print)
