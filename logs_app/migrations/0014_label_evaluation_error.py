from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('logs_app', '0013_saved_cost'),
    ]

    operations = [
        migrations.AlterField(
            model_name='alertrule',
            name='evaluation_error',
            field=models.CharField(blank=True, default='', editable=False, max_length=500, verbose_name='could not be read'),
        ),
    ]
