import django.db.models.deletion
import privacy.lib.identifiers.ids
import privacy.subjects.models
import privacy.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('kind', models.CharField(choices=[('email', 'e-mail'), ('phone', 'phone'), ('address', 'postal address')], max_length=8, verbose_name='kind')),
                ('value', privacy.vault.fields.EncryptedTextField(index='contact', item_from='kind', verbose_name='value')),
                ('purpose', models.CharField(choices=[('notices', "notices about the person's data, and answers to them")], default='notices', max_length=12, verbose_name='purpose')),
                ('basis', models.CharField(choices=[('contract', 'carrying out the registration (PIPA, art. 15(1)4)'), ('request', 'given by the data subject for this (PIPA, art. 15(1)1)'), ('legal-duty', 'a duty to notify under law (PIPA, art. 15(1)2)')], default='request', max_length=12, verbose_name='basis')),
                ('language', models.CharField(choices=[('ko', 'Korean'), ('en', 'English')], max_length=2, verbose_name='language')),
                ('source', models.CharField(choices=[('gateway', 'gateway'), ('person', 'data subject'), ('office', 'office'), ('correction', 'correction on request')], max_length=12, verbose_name='source')),
                ('document', models.CharField(blank=True, max_length=100, verbose_name='document')),
                ('recorded_by', models.CharField(max_length=80, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('is_preferred', models.BooleanField(default=False, verbose_name='preferred')),
                ('verified_at', models.DateTimeField(blank=True, null=True, verbose_name='verified at')),
                ('package_from', models.DateTimeField(verbose_name='can receive codes for packages from')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended at')),
                ('told_at', models.DateTimeField(blank=True, null=True, verbose_name='notified of the end at')),
                ('is_replaced', models.BooleanField(default=False, verbose_name='replaced by another')),
                ('value_index', privacy.vault.fields.BlindIndexField(db_index=True, null=True)),
            ],
            options={
                'verbose_name': 'contact',
                'verbose_name_plural': 'contacts',
                'permissions': [('record_contact', "Can record and end a data subject's contacts and set the preferred one")],
                'indexes': [models.Index(fields=['subject_id'], name='subjects_contact_subject')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('subject_id', 'kind'), name='subjects_contact_one_of_a_kind'), models.UniqueConstraint(condition=models.Q(('is_preferred', True)), fields=('subject_id',), name='subjects_contact_one_preferred'), models.CheckConstraint(condition=models.Q(('is_preferred', False), ('ended_at', None), _connector='OR'), name='subjects_contact_ended_is_not_preferred'), models.CheckConstraint(condition=models.Q(('is_replaced', False), ('ended_at__isnull', False), _connector='OR'), name='subjects_contact_replaced_has_ended'), models.CheckConstraint(condition=models.Q(models.Q(('source', 'office'), _negated=True), models.Q(('document', ''), _negated=True), _connector='OR'), name='subjects_contact_of_the_office_has_a_document')],
            },
        ),
        migrations.CreateModel(
            name='ContactCode',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('record_id', models.UUIDField(verbose_name='contact')),
                ('digest', models.CharField(max_length=64, unique=True, verbose_name='SHA-256 of the code')),
                ('issued_at', models.DateTimeField(verbose_name='issued at')),
                ('expires_at', models.DateTimeField(verbose_name='expires at')),
            ],
            options={
                'verbose_name': 'code for a contact',
                'verbose_name_plural': 'codes for contacts',
                'default_permissions': (),
                'indexes': [models.Index(fields=['subject_id', 'issued_at'], name='subjects_codes_of_a_person')],
            },
        ),
        migrations.CreateModel(
            name='FailedCodeAttempt',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('door', models.CharField(max_length=16, verbose_name='access channel')),
                ('key', models.BinaryField(verbose_name='blind index of the address or case')),
                ('at', models.DateTimeField(verbose_name='at')),
            ],
            options={
                'verbose_name': 'wrong attempt',
                'verbose_name_plural': 'wrong attempts',
                'indexes': [models.Index(fields=['door', 'key', 'at'], name='subjects_tries_by_key')],
            },
        ),
        migrations.CreateModel(
            name='Subject',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.subjects.models.new_subject_reference, max_length=16, unique=True, verbose_name='reference')),
                ('state', models.CharField(choices=[('active', 'active'), ('withdrawn', 'withdrawn'), ('false-identity', 'ended: false identity'), ('destroyed', 'destroyed')], default='active', max_length=16, verbose_name='state')),
                ('registered_at', models.DateTimeField(verbose_name='registered at')),
                ('service_ended_on', models.DateField(blank=True, null=True, verbose_name='service ended on')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='registration ended at')),
                ('destroyed_at', models.DateTimeField(blank=True, null=True, verbose_name='destroyed at')),
            ],
            options={
                'verbose_name': 'data subject',
                'verbose_name_plural': 'data subjects',
                'permissions': [('find_false_identity', 'Can record a finding of false identity')],
                'indexes': [models.Index(condition=models.Q(('service_ended_on__isnull', False), models.Q(('state', 'destroyed'), _negated=True)), fields=['service_ended_on'], name='subjects_ended_not_destroyed'), models.Index(condition=models.Q(('state', 'active'), _negated=True), fields=['state', 'id'], name='subjects_state')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('destroyed_at__isnull', False), ('state', 'destroyed')), models.Q(models.Q(('state', 'destroyed'), _negated=True), ('destroyed_at__isnull', True)), _connector='OR'), name='subjects_destroyed_if_and_only_if_dated'), models.CheckConstraint(condition=models.Q(models.Q(('state', 'active'), _negated=True), ('ended_at__isnull', True), _connector='OR'), name='subjects_active_has_not_ended')],
            },
        ),
        migrations.CreateModel(
            name='FalseIdentityFinding',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('grounds', models.TextField(help_text='What was found and how, without personal data.', verbose_name='grounds')),
                ('evidence_id', models.UUIDField(blank=True, null=True, verbose_name='sealed evidence file')),
                ('evidence_digest', models.CharField(max_length=64, verbose_name='SHA-256 of the evidence')),
                ('found_by', models.CharField(max_length=64, verbose_name='found by')),
                ('found_at', models.DateTimeField(verbose_name='found at')),
                ('subject', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='false_identity', to='subjects.subject')),
            ],
            options={
                'verbose_name': 'finding of false identity',
                'verbose_name_plural': 'findings of false identity',
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('grounds', ''), _negated=True), ('evidence_digest__regex', '^[0-9a-f]{64}$')), name='subjects_finding_has_grounds_and_evidence')],
            },
        ),
    ]
