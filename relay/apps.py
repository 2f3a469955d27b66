from django.contrib.admin import apps


class ConsoleConfig(apps.SimpleAdminConfig):
    """Django's admin, with the relay's own site as `admin.site`.

    Simple: its pages are loaded by `relay.urls` and by `manage.py check`. A worker, the recorder or a command
    would spend half of its start on pages that it never shows.
    """

    default = False  # of this package; the settings name it
    default_site = "relay.site.ConsoleSite"
