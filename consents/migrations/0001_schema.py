import consents.models.decisions
import django.contrib.postgres.indexes
import django.db.models.deletion
import privacy.lib.identifiers.ids
import privacy.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Agreement',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=60, unique=True, verbose_name='code')),
                ('kind', models.CharField(choices=[('collection', 'Collection and use'), ('provision', 'Provision to a third party'), ('advertising', 'Advertising information'), ('night', 'Advertising at night')], max_length=12, verbose_name='kind')),
                ('required', models.BooleanField(default=False, verbose_name='required')),
                ('categories', models.JSONField(blank=True, default=list, verbose_name='categories based on it')),
                ('channel', models.CharField(blank=True, choices=[('sms', 'Text message'), ('email', 'E-mail'), ('push', 'Push message')], max_length=6, verbose_name='channel')),
                ('recipient', models.SlugField(blank=True, max_length=60, verbose_name='recipient')),
                ('position', models.PositiveSmallIntegerField(default=100, verbose_name='position')),
            ],
            options={
                'verbose_name': 'agreement',
                'verbose_name_plural': 'agreements',
                'ordering': ['position', 'code'],
                'permissions': [('draft_agreement', 'Can draft texts of agreements'), ('publish_agreement', 'Can publish texts of agreements')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(('required', False), ('kind', 'collection'), _connector='OR'), name='consents_only_collection_is_required'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'advertising'), models.Q(('channel', ''), _negated=True)), models.Q(models.Q(('kind', 'advertising'), _negated=True), ('channel', '')), _connector='OR'), name='consents_channel_if_and_only_if_advertising'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'provision'), models.Q(('recipient', ''), _negated=True)), models.Q(models.Q(('kind', 'provision'), _negated=True), ('recipient', '')), _connector='OR'), name='consents_recipient_if_and_only_if_provision'), models.UniqueConstraint(condition=models.Q(('kind', 'advertising')), fields=('channel',), name='consents_one_agreement_for_each_channel')],
            },
        ),
        migrations.CreateModel(
            name='AgreementVersion',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.PositiveSmallIntegerField(verbose_name='version')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('published', 'published'), ('superseded', 'superseded')], default='draft', max_length=10, verbose_name='state')),
                ('title_ko', models.CharField(max_length=200, verbose_name='title (Korean)')),
                ('title_en', models.CharField(max_length=200, verbose_name='title (English)')),
                ('body_ko', models.TextField(verbose_name='text (Korean)')),
                ('body_en', models.TextField(verbose_name='text (English)')),
                ('purpose_ko', models.TextField(verbose_name='purpose (Korean)')),
                ('purpose_en', models.TextField(verbose_name='purpose (English)')),
                ('items_ko', models.TextField(verbose_name='items (Korean)')),
                ('items_en', models.TextField(verbose_name='items (English)')),
                ('retention_ko', models.TextField(verbose_name='retention and use period (Korean)')),
                ('retention_en', models.TextField(verbose_name='retention and use period (English)')),
                ('refusal_ko', models.TextField(verbose_name='right to refuse and what refusing means (Korean)')),
                ('refusal_en', models.TextField(verbose_name='right to refuse and what refusing means (English)')),
                ('recipient_ko', models.TextField(blank=True, verbose_name='recipient and purpose of use (Korean)')),
                ('recipient_en', models.TextField(blank=True, verbose_name='recipient and purpose of use (English)')),
                ('item_codes', models.JSONField(blank=True, default=list, verbose_name='item codes')),
                ('purpose_codes', models.JSONField(blank=True, default=list, verbose_name='purpose codes')),
                ('asks_again', models.BooleanField(default=True, help_text='If anything in the four notices changes, a new consent is needed.', verbose_name='earlier decisions need a new consent')),
                ('digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the text')),
                ('drafted_by', models.CharField(blank=True, max_length=80, verbose_name='drafted by')),
                ('drafted_at', models.DateTimeField(verbose_name='drafted')),
                ('published_by', models.CharField(blank=True, max_length=80, verbose_name='published by')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published')),
                ('superseded_at', models.DateTimeField(blank=True, null=True, verbose_name='superseded')),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='versions', to='consents.agreement', verbose_name='agreement')),
            ],
            options={
                'verbose_name': 'text of an agreement',
                'verbose_name_plural': 'texts of agreements',
                'ordering': ['agreement', '-number'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='DailyDecisionCount',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField(verbose_name='day')),
                ('until', models.DateTimeField(verbose_name='until')),
                ('choice', models.CharField(choices=[('agree', 'agreed'), ('disagree', 'disagreed'), ('withdraw', 'withdrawn')], max_length=8, verbose_name='decision')),
                ('number', models.PositiveIntegerField(verbose_name='number')),
            ],
            options={
                'verbose_name': 'decisions of a day',
                'verbose_name_plural': 'decisions by day',
                'ordering': ['day', 'choice'],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['-until'], name='consents_decisions_counted_to')],
                'constraints': [models.UniqueConstraint(fields=('day', 'choice'), name='consents_decisions_counted_once_for_a_day')],
            },
        ),
        migrations.CreateModel(
            name='Decision',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=consents.models.decisions.new_receipt_reference, max_length=16, unique=True, verbose_name='receipt')),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('text_digest', models.CharField(max_length=64, verbose_name='SHA-256 of the text')),
                ('receipt_digest', models.CharField(blank=True, default='', max_length=64, verbose_name='SHA-256 of the receipt')),
                ('choice', models.CharField(choices=[('agree', 'agreed'), ('disagree', 'disagreed'), ('withdraw', 'withdrawn')], max_length=8, verbose_name='decision')),
                ('decided_at', models.DateTimeField(verbose_name='decided')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                ('method', models.CharField(choices=[('paper', 'signed paper'), ('phone', 'telephone'), ('phone-website', 'telephone, then website'), ('website', 'website'), ('email', 'e-mail'), ('app', 'on the device (equivalent way)')], max_length=16, verbose_name='method')),
                ('language', models.CharField(max_length=2, verbose_name='language of the text read')),
                ('actor_kind', models.CharField(max_length=16, verbose_name='recorded by (kind)')),
                ('actor_ref', models.CharField(max_length=80, verbose_name='recorded by')),
                ('by_representative', models.BooleanField(default=False, verbose_name='by the legal representative')),
                ('confirmation', models.CharField(blank=True, choices=[('website-sms', 'website, confirmed by text message'), ('card', 'website, payment card'), ('mobile-identity', 'website, identity verified by mobile phone'), ('document', 'signed document by post or fax'), ('email', 'e-mail reply'), ('phone', 'telephone'), ('equivalent', 'equivalent way')], max_length=16, verbose_name="how the representative's consent was confirmed")),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='consents.agreement', verbose_name='agreement')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='consents.agreementversion', verbose_name='text')),
            ],
            options={
                'verbose_name': 'decision',
                'verbose_name_plural': 'decisions',
                'ordering': ['-recorded_at'],
                'permissions': [('record_decision', 'Can record a decision given on paper, by telephone or by e-mail')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='CurrentConsent',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('choice', models.CharField(choices=[('agree', 'agreed'), ('disagree', 'disagreed'), ('withdraw', 'withdrawn')], max_length=8, verbose_name='still in effect')),
                ('number', models.PositiveSmallIntegerField(verbose_name='text')),
                ('decided_at', models.DateTimeField(verbose_name='since')),
                ('agreement', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consents.agreement', verbose_name='agreement')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='consents.decision', verbose_name='decision')),
            ],
            options={
                'verbose_name': 'current decision',
                'verbose_name_plural': 'current decisions',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ConsentCode',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='SHA-256 of the code')),
                ('issued_at', models.DateTimeField(verbose_name='issued at')),
                ('valid_until', models.DateTimeField(blank=True, null=True, verbose_name='code valid until')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='codes', to='consents.decision', verbose_name='decision')),
            ],
            options={
                'verbose_name': 'consent code',
                'verbose_name_plural': 'consent codes',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AdvertisingNotice',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('result', 'result of the decision'), ('confirmation', 'periodic confirmation')], max_length=12, verbose_name='kind')),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('due_on', models.DateField(verbose_name='due')),
                ('state', models.CharField(choices=[('due', 'to be sent'), ('sent', 'sent'), ('unreachable', 'no working address on record'), ('dropped', 'no longer needed: a new decision, or the registration has ended')], default='due', max_length=12, verbose_name='state')),
                ('made_at', models.DateTimeField(verbose_name='made')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('message_id', models.CharField(blank=True, max_length=200, verbose_name='Message-ID')),
                ('returned_at', models.DateTimeField(blank=True, null=True, verbose_name='returned undelivered at')),
                ('decision', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='advertising_notices', to='consents.decision', verbose_name='decision')),
            ],
            options={
                'verbose_name': 'advertising notice',
                'verbose_name_plural': 'advertising notices',
                'ordering': ['due_on'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='PlannedDestruction',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('state', models.CharField(choices=[('waiting', 'waiting'), ('stopped', 'stopped'), ('under-way', 'under way'), ('destroyed', 'destroyed'), ('agreed-again', 'agreed again')], default='waiting', max_length=12, verbose_name='state')),
                ('due_at', models.DateTimeField(verbose_name='destroyed from')),
                ('stopped_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped at')),
                ('stopped_by_kind', models.CharField(blank=True, max_length=16, verbose_name='stopped by (kind)')),
                ('stopped_by', models.CharField(blank=True, max_length=80, verbose_name='stopped by')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('decision', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='destruction', to='consents.decision', verbose_name='decision')),
            ],
            options={
                'verbose_name': 'planned destruction',
                'verbose_name_plural': 'planned destructions',
                'ordering': ['due_at', 'id'],
                'permissions': [('stop_destruction', 'Can stop and resume a destruction that follows a withdrawal')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Representative',
            fields=[
                ('id', models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('particulars', privacy.vault.fields.EncryptedJSONField(item='representative')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded')),
            ],
            options={
                'verbose_name': 'legal representative',
                'verbose_name_plural': 'legal representatives',
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['subject_id'], name='consents_representatives_of')],
            },
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.UniqueConstraint(fields=('agreement', 'number'), name='consents_text_numbered_once'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'published')), fields=('agreement',), name='consents_one_text_in_force'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state', 'draft')), fields=('agreement',), name='consents_one_draft_at_once'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'draft'), models.Q(models.Q(('digest', ''), _negated=True), ('published_at__isnull', False), models.Q(('title_ko', ''), _negated=True), models.Q(('title_en', ''), _negated=True), models.Q(('purpose_ko', ''), _negated=True), models.Q(('purpose_en', ''), _negated=True), models.Q(('items_ko', ''), _negated=True), models.Q(('items_en', ''), _negated=True), models.Q(('retention_ko', ''), _negated=True), models.Q(('retention_en', ''), _negated=True), models.Q(('refusal_ko', ''), _negated=True), models.Q(('refusal_en', ''), _negated=True)), _connector='OR'), name='consents_published_text_is_complete'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.CheckConstraint(condition=models.Q(('published_by', ''), models.Q(('published_by', models.F('drafted_by')), _negated=True), ('drafted_by__contains', ':'), _connector='OR'), name='consents_text_published_by_another_than_who_wrote_it'),
        ),
        migrations.AddConstraint(
            model_name='agreementversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'superseded'), ('superseded_at__isnull', False)), models.Q(models.Q(('state', 'superseded'), _negated=True), ('superseded_at__isnull', True)), _connector='OR'), name='consents_superseded_text_has_its_time'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['subject_id', 'agreement', '-decided_at'], name='consents_decisions_of_subject'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(fields=['recorded_at', 'id'], name='consents_decisions_in_order'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=django.contrib.postgres.indexes.HashIndex(condition=models.Q(('receipt_digest', ''), _negated=True), fields=['receipt_digest'], name='consents_decisions_by_receipt'),
        ),
        migrations.AddIndex(
            model_name='decision',
            index=models.Index(condition=models.Q(('choice', 'agree'), _negated=True), fields=['choice', 'recorded_at', 'id'], name='consents_other_decisions'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.UniqueConstraint(fields=('subject_id', 'agreement', 'choice', 'version', 'decided_at'), name='consents_decision_counted_once'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('by_representative', False), ('confirmation', '')), models.Q(('by_representative', True), models.Q(('confirmation', ''), _negated=True)), _connector='OR'), name='consents_representative_if_and_only_if_confirmed'),
        ),
        migrations.AddConstraint(
            model_name='decision',
            constraint=models.CheckConstraint(condition=models.Q(('language__in', ['ko', 'en'])), name='consents_decided_in_a_language_of_the_text'),
        ),
        migrations.AddIndex(
            model_name='currentconsent',
            index=models.Index(fields=['agreement', 'choice', 'number'], name='consents_current_by_agreement'),
        ),
        migrations.AddIndex(
            model_name='currentconsent',
            index=models.Index(condition=models.Q(('choice', 'agree'), _negated=True), fields=['choice', 'id'], name='consents_current_otherwise'),
        ),
        migrations.AddIndex(
            model_name='currentconsent',
            index=models.Index(condition=models.Q(('choice', 'agree')), fields=['agreement', 'decided_at'], name='consents_agreed_by_day'),
        ),
        migrations.AddConstraint(
            model_name='currentconsent',
            constraint=models.UniqueConstraint(fields=('subject_id', 'agreement'), name='consents_one_standing_for_each_agreement'),
        ),
        migrations.AddIndex(
            model_name='consentcode',
            index=models.Index(fields=['subject_id'], name='consents_codes_of_subject'),
        ),
        migrations.AddConstraint(
            model_name='consentcode',
            constraint=models.UniqueConstraint(condition=models.Q(('valid_until', None)), fields=('decision',), name='consents_one_code_for_each_decision'),
        ),
        migrations.AddIndex(
            model_name='advertisingnotice',
            index=models.Index(condition=models.Q(('state', 'due')), fields=['due_on'], name='consents_notices_to_send'),
        ),
        migrations.AddIndex(
            model_name='advertisingnotice',
            index=models.Index(fields=['subject_id'], name='consents_notices_of_subject'),
        ),
        migrations.AddIndex(
            model_name='advertisingnotice',
            index=models.Index(fields=['due_on', 'id'], name='consents_notices_in_order'),
        ),
        migrations.AddIndex(
            model_name='advertisingnotice',
            index=models.Index(fields=['state', 'due_on', 'id'], name='consents_notices_by_state'),
        ),
        migrations.AddIndex(
            model_name='advertisingnotice',
            index=models.Index(condition=models.Q(('kind', 'confirmation'), ('sent_at__isnull', False)), fields=['sent_at'], name='consents_confirmations_sent'),
        ),
        migrations.AddConstraint(
            model_name='advertisingnotice',
            constraint=models.UniqueConstraint(fields=('decision', 'kind', 'due_on'), name='consents_notice_once_for_its_day'),
        ),
        migrations.AddConstraint(
            model_name='advertisingnotice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('sent_at__isnull', False), ('state', 'sent')), models.Q(models.Q(('state', 'sent'), _negated=True), ('sent_at__isnull', True)), _connector='OR'), name='consents_notice_sent_at_a_time'),
        ),
        migrations.AddIndex(
            model_name='planneddestruction',
            index=models.Index(fields=['subject_id'], name='consents_destructions_of'),
        ),
        migrations.AddIndex(
            model_name='planneddestruction',
            index=models.Index(condition=models.Q(('state__in', ('waiting', 'stopped', 'under-way'))), fields=['due_at'], name='consents_open_destructions'),
        ),
        migrations.AddConstraint(
            model_name='planneddestruction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'destroyed'), _negated=True), ('ended_at__gte', models.F('due_at')), _connector='OR'), name='consents_destroyed_only_after_the_wait'),
        ),
        migrations.AddConstraint(
            model_name='planneddestruction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('state__in', ('waiting', 'stopped', 'under-way'))), models.Q(('ended_at__isnull', False), ('state__in', ('destroyed', 'agreed-again'))), _connector='OR'), name='consents_destruction_ended_if_and_only_if_dated'),
        ),
        migrations.AddConstraint(
            model_name='planneddestruction',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'stopped'), ('stopped_at__isnull', False), models.Q(('stopped_by', ''), _negated=True)), models.Q(models.Q(('state', 'stopped'), _negated=True), ('stopped_at__isnull', True), ('stopped_by', ''), ('stopped_by_kind', '')), _connector='OR'), name='consents_stopped_if_and_only_if_signed'),
        ),
    ]
