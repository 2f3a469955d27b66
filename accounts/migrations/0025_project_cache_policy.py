from accounts.changes import TrackChanges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0024_project_retention'),
    ]

    operations = [
        migrations.AddField(
            model_name='project',
            name='cache_policy',
            field=models.JSONField(blank=True, default=dict, help_text='Such as {"mode": "always", "ttl": 3600}. The mode is opt_in (also when empty), always or off.', verbose_name='cache policy'),
        ),
        # SQLite rebuilt the table without its triggers.
        TrackChanges('Project'),
    ]
