import django.db.models.deletion
import privacy.campaigns.models
import privacy.lib.identifiers.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Campaign',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.campaigns.models.new_campaign_reference, max_length=16, unique=True, verbose_name='reference')),
                ('kind', models.CharField(choices=[('policy', 'revision of the privacy policy'), ('breach', 'breach notice')], max_length=10, verbose_name='kind')),
                ('state', models.CharField(choices=[('running', 'running'), ('completed', 'finished')], default='running', max_length=10, verbose_name='state')),
                ('about', models.CharField(max_length=100, verbose_name='about')),
                ('occasion', models.CharField(max_length=40, verbose_name='occasion')),
                ('title_ko', models.CharField(max_length=200, verbose_name='title (Korean)')),
                ('title_en', models.CharField(max_length=200, verbose_name='title (English)')),
                ('text_ko', models.TextField(verbose_name='text (Korean)')),
                ('text_en', models.TextField(verbose_name='text (English)')),
                ('digest', models.CharField(max_length=64, verbose_name='SHA-256 of the notice')),
                ('everybody', models.BooleanField(default=False, verbose_name='to everyone')),
                ('started_at', models.DateTimeField(verbose_name='started')),
                ('started_by', models.CharField(max_length=64, verbose_name='started by')),
                ('listed_at', models.DateTimeField(blank=True, null=True, verbose_name='people listed')),
                ('finished_at', models.DateTimeField(blank=True, null=True, verbose_name='finished')),
            ],
            options={
                'verbose_name': 'individual notice',
                'verbose_name_plural': 'individual notices',
                'ordering': ('-started_at',),
                'permissions': [('start_campaign', 'Can notify people individually of a revision'), ('record_telling', 'Can print letters and record how people were notified')],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('about', 'occasion'), name='campaign_once_about_an_occasion'), models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('state', 'completed')), models.Q(('finished_at__isnull', True), ('state', 'running')), _connector='OR'), name='campaign_finished_if_and_only_if_dated')],
            },
        ),
        migrations.CreateModel(
            name='Delivery',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('sent', 'sent by e-mail'), ('parked', 'stuck: needs attention'), ('without-address', 'no e-mail address on record'), ('told', 'notified another way'), ('ended', 'not notified: their data had been destroyed')], default='waiting', max_length=16, verbose_name='state')),
                ('way', models.CharField(blank=True, choices=[('letter', 'letter'), ('phone', 'telephone'), ('text', 'text message'), ('visit', 'in person')], max_length=8, verbose_name='notification method')),
                ('message_id', models.CharField(blank=True, max_length=200, verbose_name='Message-ID')),
                ('settled_at', models.DateTimeField(blank=True, null=True, verbose_name='notified')),
                ('settled_by', models.CharField(blank=True, max_length=64, verbose_name='notified by')),
                ('trouble', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('campaign', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='deliveries', to='campaigns.campaign', verbose_name='notice')),
            ],
            options={
                'verbose_name': 'delivery of a notice',
                'verbose_name_plural': 'deliveries of notices',
                'ordering': ('id',),
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['campaign', 'state'], name='campaigns_deliveries_by_state')],
                'constraints': [models.UniqueConstraint(fields=('campaign', 'subject_id'), name='campaigns_one_delivery_a_person'), models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('sent', 'told')), ('settled_at__isnull', False), models.Q(('settled_by', ''), _negated=True)), models.Q(models.Q(('state__in', ('sent', 'told')), _negated=True), ('settled_at__isnull', True)), _connector='OR'), name='campaigns_told_if_and_only_if_proven')],
            },
        ),
    ]
