import django.db.models.deletion
import privacy.lib.identifiers.ids
import privacy.safeguards.models.management_reports
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0003_data'),
        ('safeguards', '0004_thresholds'),
    ]

    operations = [
        migrations.CreateModel(
            name='ManagementReport',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.safeguards.models.management_reports.new_management_report_reference, max_length=16, unique=True, verbose_name='reference')),
                ('kind', models.CharField(choices=[('regular', 'state of protection, main matters (PIPA art. 31(4)3)'), ('resources', 'staff and budget (PIPA arts. 30-3, 31(4)2)'), ('breach', 'breach of the law and its correction (PIPA art. 31(6))')], max_length=10, verbose_name='kind')),
                ('audience', models.CharField(choices=[('representative', 'business owner or representative'), ('board', 'board of directors')], max_length=16, verbose_name='reported to')),
                ('subject', models.CharField(max_length=200, verbose_name='subject')),
                ('content', models.TextField(verbose_name='what was reported')),
                ('corrected', models.TextField(blank=True, verbose_name='what was corrected at once')),
                ('staff_asked', models.PositiveIntegerField(blank=True, null=True, verbose_name='staff asked for')),
                ('budget_asked', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='budget asked for (million won)')),
                ('reported_on', models.DateField(verbose_name='reported on')),
                ('read_by', models.DateField(verbose_name='signed copy due')),
                ('recorded_by', models.CharField(max_length=64, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('read_on', models.DateField(blank=True, null=True, verbose_name='read on')),
                ('decision', models.TextField(blank=True, verbose_name='what was decided or instructed')),
                ('staff_granted', models.PositiveIntegerField(blank=True, null=True, verbose_name='staff granted')),
                ('budget_granted', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='budget granted (million won)')),
                ('file_id', models.UUIDField(blank=True, null=True, verbose_name='signed copy')),
                ('file_digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the signed copy')),
                ('proven_by', models.CharField(blank=True, max_length=64, verbose_name='signed copy recorded by')),
                ('proven_at', models.DateTimeField(blank=True, null=True, verbose_name='signed copy recorded at')),
            ],
            options={
                'verbose_name': 'report to representative or board',
                'verbose_name_plural': 'reports to representative and board',
                'ordering': ['-reported_on', '-recorded_at'],
                'permissions': [('report_to_management', 'Can record reports to the representative and the board')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('file_digest', ''), ('file_id', None), ('proven_by', ''), ('read_on', None)), models.Q(('file_digest__regex', '^[0-9a-f]{64}$'), ('file_id__isnull', False), ('read_on__isnull', False), models.Q(('proven_by', ''), _negated=True)), _connector='OR'), name='safeguards_report_read_is_proven'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'breach'), _negated=True), models.Q(('corrected', ''), _negated=True), _connector='OR'), name='safeguards_report_of_a_breach_says_what_was_corrected'), models.CheckConstraint(condition=models.Q(models.Q(('kind', 'resources'), _negated=True), models.Q(('budget_asked__isnull', False), ('staff_asked__isnull', False)), _connector='OR'), name='safeguards_report_of_resources_says_what_is_asked')],
            },
        ),
        migrations.CreateModel(
            name='OfficerAppointment',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('standing', models.CharField(choices=[('owner', 'business owner or representative (Decree art. 32(2)2(a))'), ('executive', 'executive (Decree art. 32(2)2(b))'), ('department-head', 'head of department; there is no executive (Decree art. 32(2)2(b))')], max_length=16, verbose_name='standing')),
                ('position', models.CharField(max_length=120, verbose_name='position in the company')),
                ('appointed_on', models.DateField(verbose_name='appointed on')),
                ('document', models.CharField(max_length=200, verbose_name='paper of appointment')),
                ('file_id', models.UUIDField(verbose_name='file')),
                ('file_digest', models.CharField(max_length=64, verbose_name='SHA-256 of the file')),
                ('recorded_by', models.CharField(max_length=64, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('officer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='appointment', to='policies.officer', verbose_name='designation')),
            ],
            options={
                'verbose_name': 'appointment of the protection officer',
                'verbose_name_plural': 'appointments of the protection officer',
                'ordering': ['-appointed_on'],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(('file_digest__regex', '^[0-9a-f]{64}$'), models.Q(('position', ''), _negated=True), models.Q(('document', ''), _negated=True)), name='safeguards_appointment_has_its_paper')],
            },
        ),
    ]
