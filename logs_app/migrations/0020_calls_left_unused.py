from django.db import migrations

from logs_app.rollups import adding, completing, figures

NOT_KNOWN = ("cost_nanos", *figures.TOKENS, *figures.BESIDE_TOKENS)


def count_left(apps, schema_editor):
    connection = schema_editor.connection
    records = apps.get_model("logs_app", "LogRecord").objects.using(connection.alias)
    left = records.filter(outcome="client_disconnected", **{f"{name}__isnull": True for name in NOT_KNOWN})
    columns = ("id", *adding.KEYS, *adding.NAMES)
    with connection.cursor() as cursor:
        completing.count_left(cursor, left.values(*columns).iterator(chunk_size=2000))


class Migration(migrations.Migration):
    """A recorder of an older commit does not count them: stop it before."""

    dependencies = [
        ("logs_app", "0019_when_an_alert_was_seen"),
    ]

    operations = [
        migrations.RunPython(count_left, migrations.RunPython.noop),
    ]
