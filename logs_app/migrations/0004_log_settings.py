import django.db.models.deletion
from accounts.changes import TrackChanges
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0021_audit_trail'),
        ('logs_app', '0003_complete_records'),
    ]

    operations = [
        migrations.CreateModel(
            name='LogSettings',
            fields=[
                ('id', models.PositiveSmallIntegerField(default=1, editable=False, primary_key=True, serialize=False)),
                ('redact_logs', models.BooleanField(default=False, help_text='Replaces personal data and secrets before a record is stored: [EMAIL_1]. What is replaced cannot be got back.', verbose_name='redact records')),
                ('redacted_kinds', models.JSONField(blank=True, default=None, help_text='Kinds of personal data and secrets. Empty: the usual ones.', null=True, verbose_name='what is redacted')),
                ('payload_days', models.PositiveIntegerField(blank=True, default=7, help_text='Empty: for ever.', null=True, verbose_name='days to keep bodies')),
                ('metadata_days', models.PositiveIntegerField(blank=True, default=365, help_text='Empty: for ever.', null=True, verbose_name='days to keep records')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
            ],
            options={
                'verbose_name': 'settings of records',
                'verbose_name_plural': 'settings of records',
                'constraints': [models.CheckConstraint(condition=models.Q(('id', 1)), name='logs_app_logsettings_one_row')],
            },
        ),
        migrations.CreateModel(
            name='RedactionRule',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', models.CharField(max_length=100, unique=True, verbose_name='name')),
                ('action', models.CharField(choices=[('redact', 'redact'), ('allow', 'leave as it is')], default='redact', max_length=10, verbose_name='action')),
                ('label', models.CharField(blank=True, default='', help_text='What stands in place of a match: EMPLOYEE gives [EMPLOYEE_1]. Of a rule that leaves things as they are: the kind it is about; empty is every kind.', max_length=32, verbose_name='label')),
                ('pattern', models.CharField(help_text='A regular expression in the syntax of RE2, which takes the same time whatever the text: no back-references, no look-around. (?i) at its beginning ignores case.', max_length=1000, verbose_name='pattern')),
                ('is_enabled', models.BooleanField(default=True, verbose_name='enabled')),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='created')),
                ('updated_at', models.DateTimeField(auto_now=True, verbose_name='changed')),
                ('project', models.ForeignKey(blank=True, help_text='Empty: all projects.', null=True, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.project', verbose_name='project')),
            ],
            options={
                'verbose_name': 'redaction rule',
                'verbose_name_plural': 'redaction rules',
                'ordering': ['name'],
            },
        ),
        TrackChanges('LogSettings'),
        TrackChanges('RedactionRule'),
    ]
