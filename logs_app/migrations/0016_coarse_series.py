from django.db import migrations, models

from logs_app.rollups import completing


def complete(apps, schema_editor):
    with schema_editor.connection.cursor() as cursor:
        completing.complete(cursor)


class Migration(migrations.Migration):
    """A recorder of an older commit does not add to coarse series: stop it before."""

    dependencies = [
        ("logs_app", "0015_rates_of_sound_and_pictures"),
    ]

    operations = [
        migrations.AddField(
            model_name="series",
            name="is_coarse",
            field=models.BooleanField(db_default=False, default=False, verbose_name="coarse"),
        ),
        migrations.RunPython(complete, migrations.RunPython.noop),
    ]
