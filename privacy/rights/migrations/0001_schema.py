import django.db.models.deletion
import privacy.lib.identifiers.ids
import privacy.rights.models.cases
import privacy.rights.models.letters
import privacy.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='IdentityDocument',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('file_id', models.UUIDField(unique=True, verbose_name='sealed file')),
                ('attached_by', models.CharField(max_length=64, verbose_name='attached by')),
                ('attached_at', models.DateTimeField(verbose_name='attached')),
            ],
            options={
                'verbose_name': 'document of a case',
                'verbose_name_plural': 'documents of cases',
            },
        ),
        migrations.CreateModel(
            name='Particulars',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(db_index=True, verbose_name='case')),
                ('about', models.CharField(choices=[('case', 'the request'), ('objection', 'an objection'), ('answer', 'the explanation of a decision'), ('note', 'a note by the privacy office')], default='case', max_length=10, verbose_name='about')),
                ('about_id', models.UUIDField(unique=True, verbose_name='case, objection, right or step')),
                ('contact', privacy.vault.fields.EncryptedJSONField(item='contact', null=True)),
                ('claimed', privacy.vault.fields.EncryptedTextField(item='claimed', null=True)),
                ('wanted', privacy.vault.fields.EncryptedJSONField(item='wanted', null=True)),
                ('explanation', privacy.vault.fields.EncryptedTextField(item='explanation', null=True)),
                ('received_on', models.DateField(verbose_name='day of receipt')),
                ('closed_on', models.DateField(blank=True, null=True, verbose_name="day of the case's end")),
            ],
            options={
                'verbose_name': 'particulars',
                'verbose_name_plural': 'particulars',
            },
        ),
        migrations.CreateModel(
            name='DocumentOpening',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('opened_by', models.CharField(max_length=64, verbose_name='opened by')),
                ('opened_at', models.DateTimeField(verbose_name='opened')),
                ('document', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='openings', to='rights.identitydocument', verbose_name='document')),
            ],
            options={
                'verbose_name': 'opening of a document',
                'verbose_name_plural': 'openings of documents',
            },
        ),
        migrations.CreateModel(
            name='PackagePiece',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('making', models.UUIDField(verbose_name='copy job')),
                ('place', models.CharField(max_length=10, verbose_name='place')),
                ('file_id', models.UUIDField(verbose_name='sealed file')),
                ('size', models.PositiveIntegerField(verbose_name='bytes')),
                ('entries', models.JSONField(default=list, verbose_name='files that begin in it')),
            ],
            options={
                'verbose_name': 'piece of an access package',
                'verbose_name_plural': 'pieces of access packages',
                'ordering': ['place'],
                'constraints': [models.UniqueConstraint(fields=('making', 'place'), name='rights_one_piece_for_each_place')],
            },
        ),
        migrations.CreateModel(
            name='Request',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=16, unique=True, verbose_name='case number')),
                ('reference', models.CharField(default=privacy.rights.models.cases.new_case_reference, max_length=16, unique=True, verbose_name='case reference')),
                ('code_digest', models.CharField(max_length=64, verbose_name='digest of the case code')),
                ('submission_digest', models.CharField(max_length=64, unique=True, verbose_name='digest of the form token')),
                ('channel', models.CharField(choices=[('web', 'web'), ('email', 'e-mail'), ('phone', 'phone'), ('writing', 'in writing'), ('visit', 'visit')], max_length=10, verbose_name='channel')),
                ('language', models.CharField(default='ko', max_length=2, verbose_name='language')),
                ('answer_by', models.CharField(choices=[('email', 'by e-mail'), ('letter', 'by letter'), ('portal', 'on the status page')], default='portal', max_length=10, verbose_name='answer')),
                ('requester', models.CharField(choices=[('self', 'the data subject'), ('legal-representative', 'a legal representative'), ('agent', 'an agent with a power of attorney')], default='self', max_length=24, verbose_name='requester')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('received_on', models.DateField(verbose_name='day of receipt')),
                ('received_by', models.CharField(blank=True, max_length=64, verbose_name='recorded by')),
                ('due_on', models.DateField(verbose_name='due date')),
                ('target_on', models.DateField(verbose_name='internal target')),
                ('state', models.CharField(choices=[('received', 'received'), ('identity-pending', 'identity being checked'), ('verified', 'identity verified'), ('in-review', 'in review'), ('decided', 'decided'), ('carried-out', 'carried out'), ('notified', 'answered'), ('closed', 'closed'), ('withdrawn', 'withdrawn by the requester'), ('identity-rejected', 'identity not confirmed'), ('joined', 'joined with an earlier request')], default='received', max_length=20, verbose_name='state')),
                ('target_kind', models.CharField(choices=[('imei', 'IMEI'), ('serial_number', 'serial number'), ('adb_number', 'ADB number'), ('licence_key', 'licence key'), ('email', 'e-mail address'), ('phone', 'phone number')], max_length=16, verbose_name='identified by')),
                ('target_index', models.BinaryField(verbose_name='blind index of the number given')),
                ('source_index', models.BinaryField(blank=True, null=True, verbose_name='blind index of the address it came from')),
                ('matched_subject_id', models.UUIDField(blank=True, null=True, verbose_name='record that matches the number given')),
                ('matched_record_id', models.UUIDField(blank=True, null=True, verbose_name='matching record')),
                ('subject_id', models.UUIDField(blank=True, null=True, verbose_name='data subject (once verified)')),
                ('identity_method', models.CharField(blank=True, choices=[('device', 'confirmed on the device'), ('documents', 'documents checked')], max_length=10, verbose_name='identity')),
                ('verified_by', models.CharField(blank=True, max_length=64, verbose_name='verified by')),
                ('verified_at', models.DateTimeField(blank=True, null=True, verbose_name='verified')),
                ('authority', models.CharField(blank=True, choices=[('family-record', 'family relations certificate'), ('power-of-attorney', 'power of attorney'), ('court-decision', 'court decision')], max_length=20, verbose_name='proof of authority')),
                ('authority_until', models.DateField(blank=True, null=True, verbose_name='mandate ends')),
                ('evidence_asked_at', models.DateTimeField(blank=True, null=True, verbose_name='evidence requested')),
                ('evidence_received_at', models.DateTimeField(blank=True, null=True, verbose_name='evidence received')),
                ('assigned_to', models.CharField(blank=True, max_length=64, verbose_name='assigned to')),
                ('fee_won', models.PositiveIntegerField(default=0, verbose_name='fee (won)')),
                ('postage_won', models.PositiveIntegerField(default=0, verbose_name='postage (won)')),
                ('cause_with_controller', models.BooleanField(default=False, verbose_name='the company caused the request')),
                ('notified_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('closed_at', models.DateTimeField(blank=True, null=True, verbose_name='closed')),
                ('joined_to', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='joined', to='rights.request', verbose_name='joined with')),
            ],
            options={
                'verbose_name': 'rights request',
                'verbose_name_plural': 'rights requests',
                'ordering': ['due_on', 'number'],
                'permissions': [('receive_request', 'Can record a request that came by another channel'), ('verify_identity', 'Can verify the identity of a requester'), ('assign_request', 'Can assign a request'), ('decide_request', 'Can grant, refuse or postpone'), ('carry_out_request', 'Can carry out what was granted'), ('decide_objection', 'Can decide an objection'), ('open_particulars', 'Can open what a requester wrote'), ('export_requests', 'Can export the register of requests')],
            },
        ),
        migrations.CreateModel(
            name='Letter',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.rights.models.letters.new_letter_reference, max_length=16, unique=True, verbose_name='reference')),
                ('kind', models.CharField(choices=[('accepted', 'identity confirmed, in review'), ('postponed', 'postponement of access'), ('result', 'result'), ('identity-rejected', 'identity not confirmed'), ('objection', 'result of the objection'), ('joined', 'joined with an earlier request'), ('evidence', 'document requested'), ('destruction', 'destruction announced'), ('destruction-stopped', 'destruction stopped'), ('parted', 'no longer joined with an earlier request')], max_length=20, verbose_name='kind')),
                ('about_id', models.UUIDField(blank=True, null=True, verbose_name='about')),
                ('state', models.CharField(choices=[('queued', 'queued'), ('sent', 'sent'), ('on-portal', 'shown on the status page'), ('to-post', 'to be posted'), ('posted', 'posted'), ('parked', "needs the officer's attention"), ('withdrawn', 'withdrawn before it was sent')], max_length=10, verbose_name='state')),
                ('message_id', models.CharField(max_length=200, unique=True, verbose_name='Message-ID')),
                ('queued_at', models.DateTimeField(verbose_name='queued')),
                ('sent_at', models.DateTimeField(blank=True, null=True, verbose_name='sent')),
                ('sent_by', models.CharField(blank=True, max_length=64, verbose_name='sent by')),
                ('trouble', models.CharField(blank=True, max_length=200, verbose_name='last error')),
                ('told', models.JSONField(default=dict, verbose_name='what it says')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='letters', to='rights.request', verbose_name='case')),
            ],
            options={
                'verbose_name': 'answer to the requester',
                'verbose_name_plural': 'answers to requesters',
                'ordering': ['-queued_at'],
            },
        ),
        migrations.AddField(
            model_name='identitydocument',
            name='request',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='identity_documents', to='rights.request', verbose_name='case'),
        ),
        migrations.CreateModel(
            name='CasePerson',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(verbose_name='data subject')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='people', to='rights.request', verbose_name='case')),
            ],
            options={
                'verbose_name': 'record covered by a case',
                'verbose_name_plural': 'records covered by a case',
                'ordering': ['subject_id'],
            },
        ),
        migrations.CreateModel(
            name='Right',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('position', models.PositiveSmallIntegerField(verbose_name='number in the case')),
                ('kind', models.CharField(choices=[('access', 'access'), ('correction', 'correction'), ('deletion', 'deletion'), ('suspension', 'suspension of processing'), ('consent-withdrawal', 'withdrawal of consent')], max_length=20, verbose_name='right')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='category')),
                ('item', models.CharField(blank=True, max_length=40, verbose_name='item')),
                ('record_id', models.UUIDField(blank=True, null=True, verbose_name='record')),
                ('agreement', models.CharField(blank=True, max_length=100, verbose_name='agreement')),
                ('scope', models.JSONField(blank=True, default=list, verbose_name='scope of the access')),
                ('decision', models.CharField(choices=[('pending', 'not decided'), ('granted', 'granted'), ('partly-granted', 'partly granted'), ('refused', 'refused')], default='pending', max_length=16, verbose_name='decision')),
                ('excluded', models.JSONField(blank=True, default=list, verbose_name='parts left out')),
                ('ground', models.CharField(blank=True, choices=[('law', 'An Act forbids or restricts access'), ('life-or-body', "It could harm another person's life or body"), ('property-or-interests', "It could unreasonably infringe another person's property or other interests"), ('accurate', 'The information was checked and is accurate'), ('collected-by-law', 'Another law expressly lists it as information to be collected'), ('legal-duty', 'A special provision of an Act requires it, or it is unavoidable to meet a legal duty'), ('contract', "The contract can't be performed without this processing, and the data subject has not clearly said that they want to end it")], max_length=24, verbose_name='ground for refusal')),
                ('law', models.CharField(blank=True, max_length=200, verbose_name='law and article')),
                ('termination_asked', models.BooleanField(default=False, verbose_name='asked whether the contract was terminated; no clear answer')),
                ('decided_by', models.CharField(blank=True, max_length=64, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('verifier', models.CharField(blank=True, editable=False, max_length=64, verbose_name='documents checked by')),
                ('approved_digest', models.CharField(blank=True, max_length=64, verbose_name='digest of what was approved')),
                ('event_id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, unique=True, verbose_name='event')),
                ('started_at', models.DateTimeField(blank=True, null=True, verbose_name='carrying out began')),
                ('started_by', models.CharField(blank=True, max_length=64, verbose_name='begun by')),
                ('waits_until', models.DateTimeField(blank=True, null=True, verbose_name='waiting until')),
                ('destruction_began_at', models.DateTimeField(blank=True, null=True, verbose_name='destruction began')),
                ('carried_out_at', models.DateTimeField(blank=True, null=True, verbose_name='carried out')),
                ('tried_at', models.DateTimeField(blank=True, null=True, verbose_name='last tried')),
                ('trouble', models.CharField(blank=True, max_length=40, verbose_name='what it is waiting for')),
                ('result', models.JSONField(blank=True, default=dict, verbose_name='result')),
                ('resumed_at', models.DateTimeField(blank=True, null=True, verbose_name='processing resumed')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='rights', to='rights.request', verbose_name='case')),
            ],
            options={
                'verbose_name': 'right requested',
                'verbose_name_plural': 'rights requested',
                'ordering': ['request', 'position'],
            },
        ),
        migrations.CreateModel(
            name='Postponement',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reason', models.CharField(max_length=300, verbose_name='reason')),
                ('postponed_by', models.CharField(max_length=64, verbose_name='postponed by')),
                ('postponed_at', models.DateTimeField(verbose_name='postponed')),
                ('expected_on', models.DateField(verbose_name='expected end of the reason')),
                ('needs_approval', models.BooleanField(db_default=False, default=False, verbose_name='needs a second officer')),
                ('approved_by', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='approved by')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved')),
                ('ended_on', models.DateField(blank=True, null=True, verbose_name='day the reason ended')),
                ('due_on', models.DateField(blank=True, null=True, verbose_name='access due')),
                ('right', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='postponement', to='rights.right', verbose_name='right')),
            ],
            options={
                'verbose_name': 'postponement',
                'verbose_name_plural': 'postponements',
            },
        ),
        migrations.CreateModel(
            name='PackageBuild',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField(verbose_name='event')),
                ('read_at', models.DateTimeField(verbose_name='read')),
                ('fingerprint', models.CharField(max_length=64, verbose_name='digest of its content')),
                ('slices', models.PositiveIntegerField(default=0, verbose_name='slices')),
                ('progress', models.JSONField(default=dict, verbose_name='progress')),
                ('right', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='making', to='rights.right', verbose_name='right')),
            ],
            options={
                'verbose_name': 'access package being built',
                'verbose_name_plural': 'access packages being built',
            },
        ),
        migrations.CreateModel(
            name='Package',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('event_id', models.UUIDField(unique=True, verbose_name='event')),
                ('making', models.UUIDField(blank=True, null=True, verbose_name='copy job')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='read')),
                ('fingerprint', models.CharField(blank=True, max_length=64, verbose_name='digest of its content')),
                ('file_id', models.UUIDField(blank=True, null=True, verbose_name='sealed file')),
                ('file_digest', models.CharField(max_length=64, verbose_name='SHA-256')),
                ('file_bytes', models.PositiveBigIntegerField(verbose_name='bytes')),
                ('pieces', models.PositiveIntegerField(db_default=1, default=1, verbose_name='sealed pieces')),
                ('passphrase_digest', models.CharField(blank=True, max_length=128, verbose_name='digest of the second proof')),
                ('code_issued_by', models.CharField(blank=True, db_default='', default='', max_length=64, verbose_name='code issued by')),
                ('built_at', models.DateTimeField(verbose_name='built')),
                ('expires_at', models.DateTimeField(verbose_name='download ends')),
                ('outdated_at', models.DateTimeField(blank=True, null=True, verbose_name='found outdated')),
                ('downloaded_at', models.DateTimeField(blank=True, null=True, verbose_name='downloaded')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='file removed')),
                ('contents', models.JSONField(default=dict, verbose_name='what is inside')),
                ('right', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='packages', to='rights.right', verbose_name='right')),
            ],
            options={
                'verbose_name': 'access package',
                'verbose_name_plural': 'access packages',
            },
        ),
        migrations.CreateModel(
            name='Objection',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('decider', models.CharField(max_length=64, verbose_name='decided by')),
                ('decided_on', models.DateField(verbose_name='day of the decision')),
                ('received_at', models.DateTimeField(verbose_name='received')),
                ('received_on', models.DateField(verbose_name='day of receipt')),
                ('target_on', models.DateField(verbose_name='target')),
                ('outcome', models.CharField(choices=[('pending', 'not decided'), ('upheld', 'upheld'), ('partly-upheld', 'partly upheld'), ('dismissed', 'dismissed')], default='pending', max_length=16, verbose_name='outcome')),
                ('reviewer', models.CharField(blank=True, max_length=64, verbose_name='reviewed by')),
                ('reviewed_at', models.DateTimeField(blank=True, null=True, verbose_name='reviewed')),
                ('right', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='objections', to='rights.right', verbose_name='right')),
            ],
            options={
                'verbose_name': 'objection',
                'verbose_name_plural': 'objections',
                'ordering': ['target_on'],
            },
        ),
        migrations.CreateModel(
            name='Step',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('word', models.CharField(max_length=60, verbose_name='step')),
                ('at', models.DateTimeField(verbose_name='at')),
                ('by', models.CharField(max_length=64, verbose_name='by')),
                ('position', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='right')),
                ('facts', models.JSONField(default=dict, verbose_name='facts')),
                ('request', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='steps', to='rights.request', verbose_name='case')),
            ],
            options={
                'verbose_name': 'step',
                'verbose_name_plural': 'steps',
                'ordering': ['at', 'id'],
            },
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['state', 'due_on'], name='rights_by_state_and_due_date'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['target_index'], name='rights_by_target'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['source_index', 'received_at'], name='rights_by_source'),
        ),
        migrations.AddIndex(
            model_name='request',
            index=models.Index(fields=['subject_id'], name='rights_by_subject'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('identity_method', ''), ('subject_id', None), ('verified_at', None), ('verified_by', '')), models.Q(('verified_at__isnull', False), models.Q(('verified_by', ''), _negated=True), models.Q(('identity_method', ''), _negated=True)), _connector='OR'), name='rights_identity_verified_names_method_and_person'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('received_by', ''), ('verified_by', ''), models.Q(('verified_by', models.F('received_by')), _negated=True), _connector='OR'), name='rights_request_verifier_is_not_receiver'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('verified_at__isnull', False), ('state__in', ['received', 'identity-pending', 'withdrawn', 'identity-rejected', 'joined']), _connector='OR'), name='rights_nothing_goes_on_before_identity'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('joined_to__isnull', False), ('state', 'joined')), models.Q(models.Q(('state', 'joined'), _negated=True), ('joined_to', None)), _connector='OR'), name='rights_joined_if_and_only_if_to_a_case'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('verified_at', None), ('requester', 'self'), models.Q(('authority', 'power-of-attorney'), ('requester', 'agent')), models.Q(('authority__in', ['family-record', 'court-decision']), ('requester', 'legal-representative')), _connector='OR'), name='rights_representative_proves_authority'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('cause_with_controller', False), models.Q(('fee_won', 0), ('postage_won', 0)), _connector='OR'), name='rights_no_fee_when_the_cause_is_ours'),
        ),
        migrations.AddConstraint(
            model_name='request',
            constraint=models.CheckConstraint(condition=models.Q(('due_on__gte', models.F('target_on'))), name='rights_due_on_or_after_target'),
        ),
        migrations.AddConstraint(
            model_name='letter',
            constraint=models.UniqueConstraint(fields=('request', 'kind', 'about_id'), name='rights_one_letter_of_each_kind', nulls_distinct=False),
        ),
        migrations.AddIndex(
            model_name='caseperson',
            index=models.Index(fields=['subject_id'], name='rights_people_by_subject'),
        ),
        migrations.AddConstraint(
            model_name='caseperson',
            constraint=models.UniqueConstraint(fields=('request', 'subject_id'), name='rights_record_once_in_a_case'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.UniqueConstraint(fields=('request', 'position'), name='rights_numbered_in_their_case'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.UniqueConstraint(fields=('request', 'kind', 'category', 'item', 'agreement', 'record_id'), name='rights_asked_for_once_in_a_case', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision__in', ['refused', 'partly-granted']), models.Q(('ground', ''), _negated=True)), models.Q(('decision__in', ['pending', 'granted']), ('ground', '')), _connector='OR'), name='rights_refused_if_and_only_if_grounded'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(('ground', ''), models.Q(('ground__in', ['law', 'life-or-body', 'property-or-interests']), ('kind', 'access')), models.Q(('ground', 'accurate'), ('kind', 'correction')), models.Q(('ground', 'collected-by-law'), ('kind', 'deletion')), models.Q(('ground__in', ['legal-duty', 'life-or-body', 'property-or-interests', 'contract']), ('kind__in', ['suspension', 'consent-withdrawal'])), _connector='OR'), name='rights_ground_is_one_of_its_kind'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ground__in', ['law', 'collected-by-law', 'legal-duty']), _negated=True), models.Q(('law', ''), _negated=True), _connector='OR'), name='rights_ground_of_law_cites_the_law'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ground', 'contract'), _negated=True), ('termination_asked', True), _connector='OR'), name='rights_ground_of_contract_asked_about_termination'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', ''), ('decision', 'pending')), models.Q(models.Q(('decision', 'pending'), _negated=True), models.Q(('decided_by', ''), _negated=True), ('decided_at__isnull', False)), _connector='OR'), name='rights_decided_names_who_and_when'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(('verifier', ''), ('decided_by', ''), models.Q(('decided_by', models.F('verifier')), _negated=True), _connector='OR'), name='rights_decider_is_not_verifier'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind__in', ['access', 'deletion', 'consent-withdrawal']), _negated=True), models.Q(('verifier', ''), _negated=True), ('started_by', ''), models.Q(('started_by', models.F('decided_by')), _negated=True), _connector='OR'), name='rights_given_or_destroyed_by_two_people'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decision', 'partly-granted'), models.Q(('excluded', []), _negated=True)), models.Q(models.Q(('decision', 'partly-granted'), _negated=True), ('excluded', [])), _connector='OR'), name='rights_partly_granted_names_the_parts'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('carried_out_at', None), ('started_at', None)), models.Q(('decision__in', ['granted', 'partly-granted']), ('started_at__isnull', False)), _connector='OR'), name='rights_carried_out_only_when_granted'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(('waits_until', None), models.Q(('started_at__isnull', False), models.Q(('carried_out_at', None), ('carried_out_at__gte', models.F('waits_until')), _connector='OR')), _connector='OR'), name='rights_destroyed_after_the_wait'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(('destruction_began_at', None), ('waits_until', None), ('destruction_began_at__gte', models.F('waits_until')), _connector='OR'), name='rights_destruction_begins_after_the_wait'),
        ),
        migrations.AddConstraint(
            model_name='right',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'correction'), _negated=True), models.Q(models.Q(('category', ''), _negated=True), models.Q(('item', ''), _negated=True)), _connector='OR'), name='rights_correction_names_its_item'),
        ),
        migrations.AddConstraint(
            model_name='postponement',
            constraint=models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='rights_postponed_with_reason'),
        ),
        migrations.AddConstraint(
            model_name='postponement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('due_on', None), ('ended_on', None)), models.Q(('due_on__isnull', False), ('ended_on__isnull', False)), _connector='OR'), name='rights_postponement_ended_has_due_date'),
        ),
        migrations.AddConstraint(
            model_name='postponement',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at', None), ('approved_by', '')), models.Q(models.Q(('approved_by', ''), _negated=True), ('approved_at__isnull', False), models.Q(('approved_by', models.F('postponed_by')), _negated=True)), _connector='OR'), name='rights_postponement_approved_by_another_officer'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(('reviewer', ''), models.Q(('reviewer', models.F('decider')), _negated=True), _connector='OR'), name='rights_objection_reviewed_by_another_person'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('outcome', 'pending'), ('reviewed_at', None), ('reviewer', '')), models.Q(models.Q(('outcome', 'pending'), _negated=True), models.Q(('reviewer', ''), _negated=True), ('reviewed_at__isnull', False)), _connector='OR'), name='rights_objection_decided_names_its_reviewer'),
        ),
        migrations.AddConstraint(
            model_name='objection',
            constraint=models.UniqueConstraint(condition=models.Q(('outcome', 'pending')), fields=('right',), name='rights_one_open_objection_for_each_right'),
        ),
    ]
