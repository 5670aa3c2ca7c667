import privacy.lib.identifiers.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Heartbeat',
            fields=[
                ('name', models.CharField(max_length=60, primary_key=True, serialize=False)),
                ('at', models.DateTimeField()),
            ],
            options={
                'verbose_name': 'heartbeat',
                'verbose_name_plural': 'heartbeats',
            },
        ),
        migrations.CreateModel(
            name='GeneralOutbox',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('kind', models.CharField(max_length=60, verbose_name='kind')),
                ('shard', models.CharField(blank=True, default='', max_length=60)),
                ('destination', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('ids', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='queued')),
                ('not_before', models.DateTimeField(verbose_name='not before')),
                ('lease_until', models.DateTimeField(null=True)),
                ('starts', models.PositiveIntegerField(default=0, verbose_name='starts')),
                ('ended', models.PositiveIntegerField(db_default=0, default=0, verbose_name='attempts completed')),
                ('failures', models.PositiveIntegerField(db_default=0, default=0, verbose_name='failures')),
                ('failing_since', models.DateTimeField(null=True)),
                ('retried_at', models.DateTimeField(null=True, verbose_name='returned to the queue')),
                ('last_error', models.CharField(blank=True, default='', max_length=300, verbose_name='last error')),
                ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                ('parked_at', models.DateTimeField(null=True, verbose_name='stopped')),
            ],
            options={
                'verbose_name': 'delivery',
                'verbose_name_plural': 'deliveries',
                'ordering': ('created_at',),
                'permissions': [('retry_delivery', 'May retry a parked delivery')],
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('done_at', None), ('parked_at', None)), fields=['destination', 'not_before'], name='generaloutbox_due')],
            },
        ),
        migrations.CreateModel(
            name='PersonalOutbox',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('key', models.CharField(max_length=200, unique=True)),
                ('kind', models.CharField(max_length=60, verbose_name='kind')),
                ('shard', models.CharField(blank=True, default='', max_length=60)),
                ('destination', models.CharField(blank=True, db_default='', default='', max_length=60)),
                ('ids', models.JSONField(default=dict)),
                ('created_at', models.DateTimeField(auto_now_add=True, verbose_name='queued')),
                ('not_before', models.DateTimeField(verbose_name='not before')),
                ('lease_until', models.DateTimeField(null=True)),
                ('starts', models.PositiveIntegerField(default=0, verbose_name='starts')),
                ('ended', models.PositiveIntegerField(db_default=0, default=0, verbose_name='attempts completed')),
                ('failures', models.PositiveIntegerField(db_default=0, default=0, verbose_name='failures')),
                ('failing_since', models.DateTimeField(null=True)),
                ('retried_at', models.DateTimeField(null=True, verbose_name='returned to the queue')),
                ('last_error', models.CharField(blank=True, default='', max_length=300, verbose_name='last error')),
                ('done_at', models.DateTimeField(null=True, verbose_name='done')),
                ('parked_at', models.DateTimeField(null=True, verbose_name='stopped')),
            ],
            options={
                'verbose_name': 'delivery (personal database)',
                'verbose_name_plural': 'deliveries (personal database)',
                'ordering': ('created_at',),
                'abstract': False,
                'indexes': [models.Index(condition=models.Q(('done_at', None), ('parked_at', None)), fields=['destination', 'not_before'], name='personaloutbox_due')],
            },
        ),
    ]
