from accounts.changes import TrackChanges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0022_levels_of_recording'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='redact_logs',
            field=models.BooleanField(blank=True, help_text='Empty: as in the settings of records.', null=True, verbose_name='redact records'),
        ),
        # SQLite rebuilt the table without its triggers.
        TrackChanges('Project'),
    ]
