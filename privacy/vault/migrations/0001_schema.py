import privacy.lib.identifiers.ids
import privacy.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='KeyHolder',
            fields=[
                ('host', models.CharField(editable=False, max_length=255, primary_key=True, serialize=False, verbose_name='host')),
                ('generations', models.JSONField(editable=False, verbose_name='generations')),
                ('seen_at', models.DateTimeField(editable=False, verbose_name='last seen')),
                ('awaited', models.PositiveIntegerField(editable=False, null=True, verbose_name='generation to bring there')),
                ('awaited_value', models.CharField(blank=True, db_default='', editable=False, max_length=128)),
            ],
            options={
                'verbose_name': 'host with the master key',
                'verbose_name_plural': 'hosts with the master key',
            },
        ),
        migrations.CreateModel(
            name='EncryptedFile',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(db_index=True, editable=False, verbose_name='subject')),
                ('category', models.CharField(editable=False, max_length=60, verbose_name='category')),
                ('case', models.CharField(db_index=True, editable=False, max_length=60, verbose_name='case')),
                ('name', privacy.vault.fields.EncryptedTextField(verbose_name='file name')),
                ('content', privacy.vault.fields.EncryptedBytesField(verbose_name='content')),
                ('media_type', models.CharField(editable=False, max_length=100, verbose_name='media type')),
                ('size', models.PositiveIntegerField(editable=False, verbose_name='size in bytes')),
                ('stored_at', models.DateTimeField(editable=False, verbose_name='stored at')),
                ('state', models.CharField(choices=[('made', 'made by the portal'), ('unscanned', 'not scanned: no scanner is set up'), ('pending', 'waiting for the scan'), ('clean', 'clean'), ('quarantine', 'quarantine')], default='made', editable=False, max_length=10, verbose_name='scan for malware')),
                ('finding', models.CharField(blank=True, editable=False, max_length=200, verbose_name='malware found')),
                ('scanned_at', models.DateTimeField(editable=False, null=True, verbose_name='scanned at')),
            ],
            options={
                'verbose_name': 'sealed file',
                'verbose_name_plural': 'sealed files',
                'indexes': [models.Index(condition=models.Q(('state__in', ('pending', 'unscanned'))), fields=['stored_at'], name='vault_files_to_scan')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('state', 'quarantine'), models.Q(('finding', ''), _negated=True)), models.Q(models.Q(('state', 'quarantine'), _negated=True), ('finding', '')), _connector='OR'), name='vault_quarantined_if_and_only_if_malware_was_found'), models.CheckConstraint(condition=models.Q(models.Q(('scanned_at__isnull', False), ('state__in', ('clean', 'quarantine'))), models.Q(models.Q(('state__in', ('clean', 'quarantine')), _negated=True), ('scanned_at__isnull', True)), _connector='OR'), name='vault_judged_if_and_only_if_scanned')],
            },
        ),
        migrations.CreateModel(
            name='Freeze',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(editable=False, verbose_name='subject')),
                ('category', models.CharField(blank=True, editable=False, max_length=60, verbose_name='category')),
                ('item', models.CharField(blank=True, editable=False, max_length=60, verbose_name='item')),
                ('record_id', models.UUIDField(blank=True, editable=False, null=True, verbose_name='single record')),
                ('cause', models.CharField(choices=[('correction', 'open correction'), ('suspension', 'suspension of processing')], editable=False, max_length=20, verbose_name='cause')),
                ('case', models.CharField(db_index=True, editable=False, max_length=60, verbose_name='case')),
                ('frozen_at', models.DateTimeField(editable=False, verbose_name='frozen at')),
                ('until', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='until')),
                ('lifted_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='lifted at')),
            ],
            options={
                'verbose_name': 'freeze',
                'verbose_name_plural': 'freezes',
                'indexes': [models.Index(condition=models.Q(('lifted_at__isnull', True)), fields=['subject_id'], name='vault_frozen_subjects')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('lifted_at__isnull', True)), fields=('case', 'subject_id', 'category', 'item'), name='vault_frozen_once_for_a_case'), models.CheckConstraint(condition=models.Q(models.Q(('category', ''), _negated=True), ('item', ''), _connector='OR'), name='vault_frozen_item_has_a_category'), models.CheckConstraint(condition=models.Q(('lifted_at__isnull', True), ('lifted_at__gte', models.F('frozen_at')), _connector='OR'), name='vault_lifted_after_frozen')],
            },
        ),
        migrations.CreateModel(
            name='KeyCheck',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('master', 'master key'), ('index', 'index key')], editable=False, max_length=10, verbose_name='kind')),
                ('generation', models.PositiveIntegerField(editable=False, verbose_name='generation')),
                ('value', models.BinaryField()),
                ('current', models.BooleanField(default=True, editable=False, verbose_name='current')),
                ('begun_at', models.DateTimeField(editable=False, verbose_name='begun at')),
                ('emptied_at', models.DateTimeField(editable=False, null=True, verbose_name='carried over at')),
                ('ending_at', models.DateTimeField(editable=False, null=True, verbose_name='destruction began at')),
                ('ended_at', models.DateTimeField(editable=False, null=True, verbose_name='destroyed at')),
            ],
            options={
                'verbose_name': 'key generation',
                'verbose_name_plural': 'key generations',
                'constraints': [models.UniqueConstraint(fields=('kind', 'generation'), name='vault_one_check_value_for_generation'), models.UniqueConstraint(condition=models.Q(('current', True)), fields=('kind',), name='vault_one_current_generation'), models.CheckConstraint(condition=models.Q(('current', False), ('emptied_at__isnull', True), _connector='OR'), name='vault_current_generation_is_not_emptied'), models.CheckConstraint(condition=models.Q(('ending_at__isnull', True), ('emptied_at__isnull', False), _connector='OR'), name='vault_emptied_before_it_ends'), models.CheckConstraint(condition=models.Q(('ended_at__isnull', True), ('ending_at__isnull', False), _connector='OR'), name='vault_end_begins_before_it_ends')],
            },
        ),
        migrations.CreateModel(
            name='MonthKey',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('category', models.CharField(editable=False, max_length=60, verbose_name='category')),
                ('month', models.DateField(editable=False, verbose_name='month')),
                ('wrapped', models.BinaryField()),
                ('generation', models.PositiveIntegerField(editable=False, verbose_name='generation')),
                ('created_at', models.DateTimeField(editable=False, verbose_name='made at')),
            ],
            options={
                'verbose_name': 'month key',
                'verbose_name_plural': 'month keys',
                'constraints': [models.UniqueConstraint(fields=('category', 'month'), name='vault_one_key_for_category_and_month'), models.CheckConstraint(condition=models.Q(('month__day', 1)), name='vault_epoch_starts_on_the_first')],
            },
        ),
        migrations.CreateModel(
            name='SubjectKey',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(editable=False, verbose_name='subject')),
                ('category', models.CharField(editable=False, max_length=60, verbose_name='category')),
                ('wrapped', models.BinaryField()),
                ('generation', models.PositiveIntegerField(editable=False, verbose_name='generation')),
                ('created_at', models.DateTimeField(editable=False, verbose_name='made at')),
            ],
            options={
                'verbose_name': 'subject key',
                'verbose_name_plural': 'subject keys',
                'permissions': [('open_vault', 'Can view personal data within an access grant')],
                'constraints': [models.UniqueConstraint(fields=('subject_id', 'category'), name='vault_one_key_for_subject_and_category')],
            },
        ),
        migrations.CreateModel(
            name='Tombstone',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('subject_id', models.UUIDField(editable=False, null=True, verbose_name='subject')),
                ('category', models.CharField(blank=True, editable=False, max_length=60, verbose_name='category')),
                ('month', models.DateField(editable=False, null=True, verbose_name='month')),
                ('generation', models.PositiveIntegerField(editable=False, null=True, verbose_name='generation')),
                ('cause', models.CharField(editable=False, max_length=60, verbose_name='cause')),
                ('certificate', models.CharField(editable=False, max_length=60, verbose_name='certificate')),
                ('destroyed_at', models.DateTimeField(editable=False, verbose_name='destroyed at')),
            ],
            options={
                'verbose_name': 'destroyed key',
                'verbose_name_plural': 'destroyed keys',
                'indexes': [models.Index(fields=['certificate'], name='vault_stones_of_a_certificate')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('subject_id__isnull', False)), fields=('subject_id', 'category'), name='vault_subject_destroyed_once'), models.UniqueConstraint(condition=models.Q(('month__isnull', False)), fields=('category', 'month'), name='vault_epoch_destroyed_once'), models.CheckConstraint(condition=models.Q(models.Q(('month__isnull', True), ('subject_id__isnull', False)), models.Q(('month__isnull', False), ('subject_id__isnull', True), models.Q(('category', ''), _negated=True)), _connector='OR'), name='vault_tombstone_stands_for_a_subject_or_an_epoch')],
            },
        ),
        migrations.CreateModel(
            name='TurnCursor',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('generation', models.PositiveIntegerField(editable=False, verbose_name='generation')),
                ('table', models.CharField(editable=False, max_length=60, verbose_name='table')),
                ('last', models.UUIDField(editable=False, verbose_name='last key')),
            ],
            options={
                'verbose_name': 'progress of a key turn',
                'verbose_name_plural': 'progress of key turns',
                'constraints': [models.UniqueConstraint(fields=('generation', 'table'), name='vault_one_cursor_for_a_table_and_turn')],
            },
        ),
    ]
