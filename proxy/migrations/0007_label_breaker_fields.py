import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('proxy', '0006_response_cache'),
    ]

    operations = [
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_429_threshold',
            field=models.PositiveSmallIntegerField(default=3, help_text='Answers 429 in a row until it is left out.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='answers 429 in a row'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_5xx_threshold',
            field=models.PositiveSmallIntegerField(default=5, help_text='Answers 5xx in a row until it is left out.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='answers 5xx in a row'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_base_429_cooldown_secs',
            field=models.FloatField(default=15, help_text='Seconds of rest after the first 429; doubles.', validators=[django.core.validators.MinValueValidator(0)], verbose_name='first rest after a 429'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_base_open_duration_secs',
            field=models.FloatField(default=30, help_text='Seconds it is left out the first time; doubles.', validators=[django.core.validators.MinValueValidator(0)], verbose_name='first time left out'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_half_open_max_probes',
            field=models.PositiveSmallIntegerField(default=1, help_text='Calls at once that try it again.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='calls at once while tried again'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_half_open_success_threshold',
            field=models.PositiveSmallIntegerField(default=2, help_text='Successes until it counts as healthy again.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='successes until healthy'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_half_open_weight_factor',
            field=models.FloatField(default=0.2, help_text='Share of its weight while it is being tried again.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='share while tried again'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_max_429_cooldown_secs',
            field=models.FloatField(default=300, help_text='Longest rest after a 429, in seconds.', validators=[django.core.validators.MinValueValidator(0)], verbose_name='longest rest after a 429'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_max_open_duration_secs',
            field=models.FloatField(default=300, help_text='Longest time it is left out, in seconds.', validators=[django.core.validators.MinValueValidator(0)], verbose_name='longest time left out'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_min_multiplier',
            field=models.FloatField(default=0.05, help_text='Least share of its weight that a failing provider keeps.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='least share'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_slow_start_window_secs',
            field=models.FloatField(default=60, help_text='Seconds until a recovered provider has its full weight.', validators=[django.core.validators.MinValueValidator(0)], verbose_name='time to the full weight'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_success_recovery_step',
            field=models.FloatField(default=0.1, help_text='Share of its weight that each success gives back.', validators=[django.core.validators.MinValueValidator(0), django.core.validators.MaxValueValidator(1)], verbose_name='share that a success gives back'),
        ),
        migrations.AlterField(
            model_name='relaysettings',
            name='adaptive_transport_threshold',
            field=models.PositiveSmallIntegerField(default=4, help_text='Broken connections in a row until it is left out.', validators=[django.core.validators.MinValueValidator(1)], verbose_name='broken connections in a row'),
        ),
    ]
