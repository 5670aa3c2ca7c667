import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import privacy.ledger.models.reviews
import privacy.lib.identifiers.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Anchor',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('size', models.BigIntegerField(verbose_name='size')),
                ('place', models.TextField(verbose_name='place')),
                ('receipt', models.TextField(verbose_name='receipt')),
                ('anchored_at', models.DateTimeField(verbose_name='anchored at')),
            ],
            options={
                'verbose_name': 'anchor',
                'verbose_name_plural': 'anchors',
                'db_table': 'ledger"."anchor',
                'managed': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Checkpoint',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='size')),
                ('note', models.TextField(verbose_name='signed note')),
                ('heads', models.TextField(verbose_name='signed digest of the tree heads')),
                ('signed_at', models.DateTimeField(verbose_name='signed at')),
            ],
            options={
                'verbose_name': 'checkpoint',
                'verbose_name_plural': 'checkpoints',
                'db_table': 'ledger"."checkpoint',
                'managed': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='number')),
                ('time', models.DateTimeField(verbose_name='time')),
                ('generation', models.IntegerField(verbose_name='generation')),
                ('kind', models.TextField(choices=[('act', 'act'), ('read', 'read'), ('denied', 'denied'), ('change', 'field change')], verbose_name='kind')),
                ('payload', models.TextField(verbose_name='payload')),
                ('word', models.TextField(verbose_name='event code')),
                ('actor', models.TextField(verbose_name='account')),
                ('about', models.TextField(null=True, verbose_name='about')),
                ('subjects', django.contrib.postgres.fields.ArrayField(base_field=models.TextField(), null=True, verbose_name='data subjects handled')),
                ('task', models.TextField(null=True, verbose_name='task performed')),
                ('purpose', models.TextField(null=True, verbose_name='purpose')),
            ],
            options={
                'verbose_name': 'entry',
                'verbose_name_plural': 'entries',
                'db_table': 'ledger"."entry',
                'permissions': [('verify_trail', 'Can verify the audit trail'), ('export_trail', 'Can export bundles and proofs of the audit trail'), ('review_trail', 'Can review access records'), ('confirm_review', 'Can confirm a review of access records'), ('confirm_adoption', 'Can confirm that registers were recorded anew'), ('accept_refusal', 'Can accept entry times that the notary refused')],
                'managed': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='EntryPeople',
            fields=[
                ('entry_id', models.BigIntegerField(primary_key=True, serialize=False)),
                ('people', django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
            ],
            options={
                'db_table': 'ledger"."entry_people',
                'managed': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='FieldChange',
            fields=[
                ('object_pk', models.CharField(db_index=True, max_length=255, verbose_name='object pk')),
                ('object_repr', models.TextField(verbose_name='object representation')),
                ('action', models.PositiveSmallIntegerField(choices=[(0, 'create'), (1, 'update'), (2, 'delete'), (3, 'access')], db_index=True, verbose_name='action')),
                ('changes', models.JSONField(null=True, verbose_name='change message')),
                ('cid', models.CharField(blank=True, db_index=True, max_length=255, null=True, verbose_name='Correlation ID')),
                ('timestamp', models.DateTimeField(db_index=True, default=django.utils.timezone.now, verbose_name='timestamp')),
                ('additional_data', models.JSONField(blank=True, null=True, verbose_name='additional data')),
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
            ],
            options={
                'verbose_name': 'captured change',
                'verbose_name_plural': 'captured changes',
                'db_table': 'ledger"."field_change',
                'ordering': ['-timestamp'],
                'get_latest_by': 'timestamp',
                'abstract': False,
                'managed': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Leaf',
            fields=[
                ('index', models.BigIntegerField(primary_key=True, serialize=False)),
                ('entry_id', models.BigIntegerField(unique=True)),
                ('hash', models.BinaryField()),
            ],
            options={
                'db_table': 'ledger"."leaf',
                'managed': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RecoveryEpoch',
            fields=[
                ('generation', models.IntegerField(primary_key=True, serialize=False)),
                ('system_identifier', models.TextField()),
                ('started_at', models.DateTimeField()),
            ],
            options={
                'db_table': 'ledger"."recovery_epoch',
                'managed': False,
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Tree',
            fields=[
                ('size', models.BigIntegerField(primary_key=True, serialize=False, verbose_name='size')),
                ('root', models.BinaryField(verbose_name='root')),
                ('frontier', models.BinaryField()),
                ('snapshot', models.TextField()),
                ('generation', models.IntegerField()),
                ('sealed_at', models.DateTimeField(verbose_name='sealed at')),
            ],
            options={
                'verbose_name': 'tree head',
                'verbose_name_plural': 'tree heads',
                'db_table': 'ledger"."tree',
                'managed': False,
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ReconciliationState',
            fields=[
                ('alias', models.CharField(max_length=20, primary_key=True, serialize=False)),
                ('snapshot', models.TextField()),
                ('reconciled_at', models.DateTimeField()),
                ('canary', models.CharField(blank=True, max_length=40)),
            ],
            options={
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AccessRecord',
            fields=[
            ],
            options={
                'verbose_name': 'access record',
                'verbose_name_plural': 'access records',
                'proxy': True,
                'default_permissions': ('view',),
                'indexes': [],
                'constraints': [],
            },
            bases=('ledger.entry',),
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.ledger.models.reviews.new_review_reference, max_length=12, unique=True, verbose_name='reference')),
                ('state', models.CharField(choices=[('open', 'open'), ('sampled', 'sample drawn'), ('signed', 'signed by the reviewer'), ('confirmed', 'confirmed')], default='open', max_length=10, verbose_name='state')),
                ('period_from', models.DateField(verbose_name='first day')),
                ('period_until', models.DateField(verbose_name='last day')),
                ('due_on', models.DateField(verbose_name='due')),
                ('opened_at', models.DateTimeField(verbose_name='opened at')),
                ('start_index', models.BigIntegerField(verbose_name='from index')),
                ('end_index', models.BigIntegerField(verbose_name='until index')),
                ('root', models.CharField(max_length=64, verbose_name='root of the tree at the end')),
                ('counted', models.JSONField(default=dict, verbose_name='figures for the period')),
                ('sample', models.JSONField(default=list, verbose_name='sample')),
                ('checked', models.TextField(blank=True, verbose_name='what the sample showed')),
                ('reviewer', models.CharField(blank=True, max_length=40, verbose_name='reviewer')),
                ('conclusion', models.TextField(blank=True, verbose_name='conclusion')),
                ('signed_at', models.DateTimeField(null=True, verbose_name='signed at')),
                ('confirmer', models.CharField(blank=True, max_length=40, verbose_name='confirmed by')),
                ('confirmed_at', models.DateTimeField(null=True, verbose_name='confirmed at')),
                ('overdue_told_at', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'review of access records',
                'verbose_name_plural': 'reviews of access records',
                'ordering': ['-period_from'],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('period_from',), name='ledger_one_review_for_each_period'), models.CheckConstraint(condition=models.Q(('period_until__gte', models.F('period_from'))), name='ledger_review_ends_after_it_begins'), models.CheckConstraint(condition=models.Q(('confirmer', ''), models.Q(('confirmer', models.F('reviewer')), _negated=True), _connector='OR'), name='ledger_review_is_confirmed_by_another'), models.CheckConstraint(condition=models.Q(models.Q(('reviewer', ''), ('signed_at', None)), models.Q(('signed_at__isnull', False), models.Q(('reviewer', ''), _negated=True)), _connector='OR'), name='ledger_review_is_signed_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Finding',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('rule', models.CharField(choices=[('off-hours', 'access at night or on a rest day'), ('bulk', "many people's data at once or in one day"), ('repeated', "the same person's data again and again"), ('self', "lookup of one's own data"), ('reason', 'exported without a sufficient reason'), ('denied', 'many denials in a short time'), ('unpaired', 'changed outside the portal'), ('gap', 'numbers without an entry'), ('canary', 'the control itself failed')], max_length=10, verbose_name='rule')),
                ('account', models.CharField(blank=True, max_length=60, verbose_name='account')),
                ('count', models.PositiveIntegerField(verbose_name='count')),
                ('first_at', models.DateTimeField(verbose_name='first')),
                ('last_at', models.DateTimeField(verbose_name='last')),
                ('entries', models.JSONField(default=list, verbose_name='entries')),
                ('facts', models.JSONField(default=dict, verbose_name='facts')),
                ('raised_at', models.DateTimeField(verbose_name='raised at')),
                ('explanation', models.TextField(blank=True, verbose_name='explanation')),
                ('measure', models.TextField(blank=True, verbose_name='measure taken')),
                ('explained_by', models.CharField(blank=True, max_length=40, verbose_name='explained by')),
                ('explained_at', models.DateTimeField(null=True, verbose_name='explained at')),
                ('review', models.ForeignKey(null=True, on_delete=django.db.models.deletion.PROTECT, related_name='findings', to='ledger.review', verbose_name='review')),
            ],
            options={
                'verbose_name': 'finding',
                'verbose_name_plural': 'findings',
                'ordering': ['-raised_at'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Scrub',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('begun_at', models.DateTimeField(verbose_name='begun at')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='finished at')),
                ('size', models.BigIntegerField(verbose_name='entries')),
                ('position', models.BigIntegerField(default=0, verbose_name='hashed so far')),
                ('progress', models.JSONField(default=dict)),
                ('code', models.PositiveSmallIntegerField(choices=[(0, 'sound'), (2, 'altered'), (3, 'checked, but not everything was covered'), (4, "something can't be read")], null=True, verbose_name='result')),
                ('findings', models.JSONField(default=list, verbose_name='problems found')),
                ('notes', models.JSONField(default=list, verbose_name='notes')),
            ],
            options={
                'verbose_name': 'scrub',
                'verbose_name_plural': 'scrubs',
                'ordering': ['-begun_at'],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(models.Value(1), condition=models.Q(('finished_at', None)), name='ledger_one_scrub_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('code', None), ('finished_at', None)), models.Q(('code__isnull', False), ('finished_at__isnull', False)), _connector='OR'), name='ledger_scrub_finished_if_and_only_if_judged')],
            },
        ),
        migrations.CreateModel(
            name='FindingQuestion',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('question', models.TextField(verbose_name='question')),
                ('asked_by', models.CharField(max_length=64, verbose_name='asked by')),
                ('asked_at', models.DateTimeField(verbose_name='asked at')),
                ('due_on', models.DateField(verbose_name='answer due')),
                ('answer', models.TextField(blank=True, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered at')),
                ('accepted_by', models.CharField(blank=True, max_length=64, verbose_name='accepted by')),
                ('accepted_at', models.DateTimeField(blank=True, null=True, verbose_name='accepted at')),
                ('finding', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='questions', to='ledger.finding', verbose_name='finding')),
            ],
            options={
                'verbose_name': 'question about a finding',
                'verbose_name_plural': 'questions about findings',
                'ordering': ['asked_at', 'id'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(condition=models.Q(('answered_at', None)), fields=('finding',), name='ledger_finding_is_asked_once_at_a_time'), models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None)), models.Q(('answered_at__isnull', False), models.Q(('answer', ''), _negated=True)), _connector='OR'), name='ledger_question_answered_with_words'), models.CheckConstraint(condition=models.Q(models.Q(('accepted_at', None), ('accepted_by', '')), models.Q(('accepted_at__isnull', False), ('answered_at__isnull', False), models.Q(('accepted_by', ''), _negated=True)), _connector='OR'), name='ledger_only_an_answer_is_accepted')],
            },
        ),
        migrations.AddConstraint(
            model_name='finding',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('explained_at', None), ('explanation', '')), models.Q(('explained_at__isnull', False), models.Q(('explanation', ''), _negated=True)), _connector='OR'), name='ledger_finding_explained_with_words'),
        ),
    ]
