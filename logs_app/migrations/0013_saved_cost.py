from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('logs_app', '0012_reading_what_was_said'),
    ]

    operations = [
        migrations.AddField(
            model_name='logrecord',
            name='saved_cost_nanos',
            field=models.BigIntegerField(help_text='What it would have cost without the cache.', null=True, verbose_name='saved (nano USD)'),
        ),
    ]
