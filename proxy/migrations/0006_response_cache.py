import proxy.models.validation
from accounts.changes import TrackChanges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proxy', '0005_origins_of_routes'),
    ]

    operations = [
        migrations.CreateModel(
            name='CachePurge',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='ordered')),
                ('criteria', models.JSONField(default=dict, help_text='Empty: everything.', verbose_name='what is to go')),
            ],
            options={
                'verbose_name': 'purge of the cache',
                'verbose_name_plural': 'purges of the cache',
                'ordering': ['pk'],
            },
        ),
        migrations.AddField(
            model_name='route',
            name='cache_policy',
            field=models.JSONField(blank=True, default=dict, help_text='Such as {"mode": "always", "ttl": 3600}; what it says counts before the word of the project.', validators=[proxy.models.validation.validate_cache_policy], verbose_name='cache policy'),
        ),
        # SQLite rebuilt a table without its triggers.
        TrackChanges('Route'),
        TrackChanges('CachePurge'),
    ]
