from accounts.changes import TrackChanges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0023_project_redact_logs'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='payload_days',
            field=models.PositiveIntegerField(blank=True, help_text='Empty: as in the settings of records.', null=True, verbose_name='days to keep bodies'),
        ),
        migrations.AddField(
            model_name='project',
            name='metadata_days',
            field=models.PositiveIntegerField(blank=True, help_text='Empty: as in the settings of records.', null=True, verbose_name='days to keep records'),
        ),
        # SQLite rebuilt the table without its triggers.
        TrackChanges('Project'),
    ]
