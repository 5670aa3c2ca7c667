import django.db.models.deletion
import privacy.disclosures.models
import privacy.lib.identifiers.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='ThirdParty',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.disclosures.models.new_third_party_reference, max_length=16, unique=True, verbose_name='reference')),
                ('code', models.SlugField(help_text="The recipient's code in agreements on provision.", max_length=60, unique=True, verbose_name='code')),
                ('title', models.CharField(max_length=200, verbose_name='organisation')),
                ('kind', models.CharField(choices=[('investigator', 'Investigative agency'), ('maker', 'Handset maker'), ('carrier', 'Mobile carrier'), ('customer', 'Corporate customer'), ('partner', 'Partner')], max_length=16, verbose_name='kind')),
                ('contract', models.CharField(blank=True, max_length=200, verbose_name='contract')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('webhook', 'Signed webhook'), ('letter', 'Letter')], default='email', max_length=10, verbose_name='notices are sent by')),
                ('mailbox', models.EmailField(blank=True, max_length=254, verbose_name='e-mail address for notices')),
                ('webhook_url', models.URLField(blank=True, verbose_name='webhook')),
                ('webhook_generation', models.PositiveIntegerField(default=1, verbose_name='generation of the webhook key')),
                ('postal_address', models.CharField(blank=True, max_length=300, verbose_name='postal address')),
                ('language', models.CharField(default='ko', max_length=2, verbose_name='language')),
                ('created_at', models.DateTimeField(verbose_name='registered')),
                ('retired_at', models.DateTimeField(blank=True, null=True, verbose_name='retired')),
            ],
            options={
                'verbose_name': 'third party',
                'verbose_name_plural': 'third parties',
                'ordering': ['title'],
                'permissions': [('keep_third_parties', 'Can register and retire third parties')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('channel', 'email'), models.Q(('mailbox', ''), _negated=True)), models.Q(('channel', 'webhook'), models.Q(('webhook_url', ''), _negated=True)), models.Q(('channel', 'letter'), models.Q(('postal_address', ''), _negated=True)), _connector='OR'), name='disclosures_third_party_can_be_reached')],
            },
        ),
        migrations.CreateModel(
            name='Disclosure',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.disclosures.models.new_disclosure_reference, max_length=16, unique=True, verbose_name='reference')),
                ('basis', models.CharField(choices=[('law', 'by law'), ('consent', 'Prior consent'), ('separate-consent', 'Separate consent')], max_length=20, verbose_name='legal basis')),
                ('statute', models.CharField(blank=True, max_length=200, verbose_name='statute and article')),
                ('document_no', models.CharField(blank=True, max_length=100, verbose_name='document number')),
                ('agreement', models.CharField(blank=True, max_length=100, verbose_name='agreement')),
                ('purpose_code', models.SlugField(blank=True, max_length=60, verbose_name='purpose in the agreement')),
                ('purpose', models.CharField(max_length=300, verbose_name='purpose of the disclosure')),
                ('form', models.CharField(default='encrypted file', max_length=100, verbose_name='form')),
                ('period', models.CharField(blank=True, max_length=100, verbose_name='date, cycle or period')),
                ('restrictions', models.CharField(blank=True, max_length=300, verbose_name='restrictions asked of the recipient')),
                ('terminal_number_ground', models.CharField(blank=True, max_length=300, verbose_name="officer's ground for providing a terminal unique number")),
                ('official', models.CharField(blank=True, max_length=200, verbose_name='unit and name of the requesting official')),
                ('reason', models.CharField(blank=True, max_length=300, verbose_name="reason for the authority's request")),
                ('relation', models.CharField(blank=True, max_length=300, verbose_name='relation to the user concerned')),
                ('extent', models.CharField(blank=True, max_length=300, verbose_name='extent of the material needed')),
                ('permit_no', models.CharField(blank=True, max_length=100, verbose_name='warrant or permission number')),
                ('record_class', models.CharField(blank=True, choices=[('user-information', 'information on a user of telecommunications (kept 1 year)'), ('confirmation', 'communication confirmation data (kept 7 years)'), ('other', 'other personal information')], max_length=20, verbose_name='kind of material')),
                ('urgent', models.BooleanField(db_default=False, default=False, verbose_name='urgent: the document will follow')),
                ('document_due_on', models.DateField(blank=True, null=True, verbose_name='document due')),
                ('scan_id', models.UUIDField(blank=True, null=True, verbose_name='scan of the document')),
                ('scan_digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the scan')),
                ('content_digest', models.CharField(max_length=64, verbose_name='digest of what was requested')),
                ('approval_digest', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='digest of what was approved')),
                ('state', models.CharField(choices=[('requested', 'awaiting approval'), ('approved', 'approved'), ('provided', 'provided'), ('refused', 'refused')], default='requested', max_length=10, verbose_name='state')),
                ('requested_by', models.CharField(max_length=64, verbose_name='requested by')),
                ('requested_at', models.DateTimeField(verbose_name='requested')),
                ('approved_by', models.CharField(blank=True, max_length=64, verbose_name='approved by')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved')),
                ('refused_by', models.CharField(blank=True, max_length=64, verbose_name='refused by')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refused')),
                ('refusal_reason', models.CharField(blank=True, max_length=300, verbose_name='reason for the refusal')),
                ('provided_by', models.CharField(blank=True, max_length=64, verbose_name='provided by')),
                ('provided_at', models.DateTimeField(blank=True, null=True, verbose_name='provided')),
                ('provided_on', models.DateField(blank=True, null=True, verbose_name='disclosure date')),
                ('file_digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the file handed over')),
                ('file_bytes', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='bytes handed over')),
                ('third_party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disclosures', to='disclosures.thirdparty', verbose_name='recipient')),
            ],
            options={
                'verbose_name': 'disclosure',
                'verbose_name_plural': 'disclosures',
                'ordering': ['-requested_at'],
                'permissions': [('request_disclosure', 'Can request a disclosure'), ('approve_disclosure', 'Can approve or refuse a disclosure'), ('provide_disclosure', 'Can provide what was approved'), ('see_investigations', 'Can see disclosures to investigative agencies'), ('export_register', 'Can export the register of disclosures')],
            },
        ),
        migrations.CreateModel(
            name='DisclosedItem',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('record_id', models.UUIDField(blank=True, null=True, verbose_name='record')),
                ('category', models.CharField(max_length=40, verbose_name='category')),
                ('item', models.CharField(max_length=40, verbose_name='item')),
                ('value_digest', models.BinaryField(blank=True, null=True, verbose_name='keyed digest of the value')),
                ('consent', models.CharField(blank=True, max_length=16, verbose_name='receipt of the consent it is based on')),
                ('disclosure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='disclosed', to='disclosures.disclosure', verbose_name='disclosure')),
            ],
            options={
                'verbose_name': 'disclosed item',
                'verbose_name_plural': 'disclosed items',
                'indexes': [models.Index(fields=['subject_id', 'category', 'item'], name='disclosures_items_of_subject')],
                'constraints': [models.UniqueConstraint(fields=('disclosure', 'subject_id', 'record_id', 'category', 'item'), name='disclosures_item_once_in_a_disclosure', nulls_distinct=False)],
            },
        ),
        migrations.CreateModel(
            name='ScanReading',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reader', models.CharField(max_length=64)),
                ('scan_digest', models.CharField(max_length=64)),
                ('read_at', models.DateTimeField()),
                ('disclosure', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='readings', to='disclosures.disclosure')),
            ],
            options={
                'verbose_name': 'reading of a document',
                'verbose_name_plural': 'readings of documents',
                'constraints': [models.UniqueConstraint(fields=('disclosure', 'reader', 'scan_digest'), name='disclosures_reading_once_for_each_document')],
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.disclosures.models.new_notice_reference, max_length=16, unique=True, verbose_name='reference')),
                ('kind', models.CharField(choices=[('corrected', 'corrected'), ('erased', 'erased'), ('withdrawn', 'consent withdrawn')], max_length=10, verbose_name='kind')),
                ('case_id', models.UUIDField(verbose_name='case')),
                ('case_reference', models.CharField(max_length=16, verbose_name='reference of the case')),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('record_id', models.UUIDField(blank=True, null=True, verbose_name='record')),
                ('category', models.CharField(max_length=40, verbose_name='category')),
                ('items', models.JSONField(default=list, verbose_name='items')),
                ('item_set', models.CharField(max_length=500, verbose_name='set of items')),
                ('disclosures', models.JSONField(default=list, verbose_name='disclosures concerned')),
                ('partly_kept', models.BooleanField(db_default=False, default=False, verbose_name='another law keeps some of it')),
                ('channel', models.CharField(choices=[('email', 'E-mail'), ('webhook', 'Signed webhook'), ('letter', 'Letter')], max_length=10, verbose_name='channel')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sent', 'sent'), ('acknowledged', 'acknowledged'), ('parked', "needs the officer's attention")], default='queued', max_length=12, verbose_name='state')),
                ('message_id', models.CharField(max_length=200, unique=True, verbose_name='Message-ID')),
                ('token_digest', models.CharField(max_length=64, unique=True, verbose_name='digest of the acknowledgement token')),
                ('queued_at', models.DateTimeField(verbose_name='queued')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('sent_by', models.CharField(blank=True, max_length=64, verbose_name='sent by')),
                ('acknowledged_at', models.DateTimeField(blank=True, null=True, verbose_name='acknowledged')),
                ('parked_at', models.DateTimeField(blank=True, null=True, verbose_name='stopped')),
                ('trouble', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('third_party', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='disclosures.thirdparty', verbose_name='recipient')),
            ],
            options={
                'verbose_name': 'correction notice',
                'verbose_name_plural': 'correction notices',
                'ordering': ['-queued_at'],
                'permissions': [('send_notice', 'Can resend a notice or mark a letter as sent')],
                'indexes': [models.Index(fields=['case_id'], name='disclosures_notices_of_case')],
                'constraints': [models.UniqueConstraint(fields=('case_id', 'third_party', 'kind', 'subject_id', 'item_set'), name='disclosures_one_notice_for_each_recipient'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'acknowledged'), _negated=True), ('acknowledged_at__isnull', False), _connector='OR'), name='disclosures_notice_acknowledged_has_its_time')],
            },
        ),
        migrations.AddIndex(
            model_name='disclosure',
            index=models.Index(fields=['state', '-requested_at'], name='disclosures_by_state'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('basis', 'law'), _negated=True), models.Q(models.Q(('statute', ''), _negated=True), models.Q(('document_no', ''), _negated=True)), _connector='OR'), name='disclosures_by_law_names_statute_and_document'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('basis', 'law'), ('state__in', ['approved', 'provided']), _negated=True), models.Q(('document_due_on__isnull', False), ('urgent', True)), ('scan_id__isnull', False), _connector='OR'), name='disclosures_by_law_approved_with_its_document'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(('basis', 'law'), models.Q(('agreement', ''), _negated=True), _connector='OR'), name='disclosures_by_consent_names_its_agreement'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('approved_by', models.F('requested_by')), _negated=True), _connector='OR'), name='disclosures_approved_by_another_person'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ['approved', 'provided']), _negated=True), models.Q(models.Q(('approved_by', ''), _negated=True), ('approved_at__isnull', False)), _connector='OR'), name='disclosures_provided_only_when_approved'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'provided'), _negated=True), models.Q(models.Q(('provided_by', ''), _negated=True), models.Q(('file_digest', ''), _negated=True), ('provided_at__isnull', False), ('provided_on__isnull', False)), _connector='OR'), name='disclosures_provided_leaves_its_proof'),
        ),
        migrations.AddConstraint(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'refused'), models.Q(('refusal_reason', ''), _negated=True), models.Q(('refused_by', ''), _negated=True)), models.Q(models.Q(('state', 'refused'), _negated=True), ('refusal_reason', '')), _connector='OR'), name='disclosures_refused_if_and_only_if_reasoned'),
        ),
    ]
