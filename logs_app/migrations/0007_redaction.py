from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('logs_app', '0006_list_prices'),
    ]

    operations = [
        migrations.AddField(
            model_name='logrecord',
            name='redaction_version',
            field=models.PositiveSmallIntegerField(default=0, help_text='0: kept as it was said.', verbose_name='version of redaction'),
        ),
        migrations.AddField(
            model_name='logrecord',
            name='redactions',
            field=models.JSONField(default=dict, help_text='How many different values of each kind were replaced.', verbose_name='redacted'),
        ),
    ]
