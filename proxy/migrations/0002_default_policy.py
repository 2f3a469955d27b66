import proxy.models.validation
from accounts.changes import TrackChanges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proxy', '0001_initial'),
    ]

    operations = [
        migrations.AddField(
            model_name='relaysettings',
            name='policy',
            field=models.JSONField(blank=True, default=dict, help_text="Holds for every key; a project's own policy must allow as well. Members: param_whitelist, allowed_origins, required_headers, allowed_endpoints, allowed_methods.", validators=[proxy.models.validation.validate_policy], verbose_name='policy'),
        ),
        # SQLite rebuilt the table without its triggers.
        TrackChanges('RelaySettings'),
    ]
