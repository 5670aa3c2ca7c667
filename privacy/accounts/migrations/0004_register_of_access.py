"""The register of access: roles are grants too, asked for, reviewed, changed by new lines."""

import django.db.models.deletion
import privacy.accounts.models.access
import privacy.accounts.models.reviews
import privacy.lib.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0003_sign_in'),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessRequest',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.access.new_request_reference, max_length=12, unique=True, verbose_name='reference')),
                ('role', models.CharField(blank=True, choices=[('officer', 'privacy officer'), ('handler', 'handler of personal information'), ('auditor', 'auditor'), ('employee', 'employee')], max_length=20, verbose_name='role')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='category')),
                ('purpose', models.CharField(blank=True, max_length=40, verbose_name='purpose')),
                ('reason', models.CharField(max_length=400, verbose_name='reason')),
                ('valid_from', models.DateField(verbose_name='from')),
                ('valid_until', models.DateField(verbose_name='until')),
                ('requested_at', models.DateTimeField(verbose_name='asked at')),
                ('state', models.CharField(choices=[('requested', 'waiting for a decision'), ('approved', 'approved'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='requested', max_length=10, verbose_name='state')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('decided_by', models.CharField(blank=True, max_length=64, verbose_name='decided by')),
                ('decision', models.CharField(blank=True, max_length=400, verbose_name='reason of the decision')),
            ],
            options={
                'verbose_name': 'access request',
                'verbose_name_plural': 'access requests',
                'ordering': ('-requested_at',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='AccessReview',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.reviews.new_review_reference, max_length=12, unique=True, verbose_name='reference')),
                ('state', models.CharField(choices=[('open', 'open'), ('signed', 'signed')], default='open', max_length=10, verbose_name='state')),
                ('period_from', models.DateField(unique=True, verbose_name='first day')),
                ('period_until', models.DateField(verbose_name='last day')),
                ('due_on', models.DateField(verbose_name='due')),
                ('opened_at', models.DateTimeField(verbose_name='opened at')),
                ('conclusion', models.TextField(blank=True, verbose_name='conclusion')),
                ('signed_by', models.CharField(blank=True, max_length=64, verbose_name='signed by')),
                ('signed_at', models.DateTimeField(blank=True, null=True, verbose_name='signed at')),
                ('overdue_told_at', models.DateTimeField(blank=True, null=True)),
            ],
            options={
                'verbose_name': 'review of access',
                'verbose_name_plural': 'reviews of access',
                'ordering': ('-period_from',),
                'permissions': [('review_access', 'May review grants and sign the review')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ReviewedGrant',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('outcome', models.CharField(choices=[('pending', 'to review'), ('confirmed', 'confirmed'), ('revoked', 'revoked')], default='pending', max_length=10, verbose_name='outcome')),
                ('decided_by', models.CharField(blank=True, max_length=64, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('note', models.CharField(blank=True, max_length=400, verbose_name='note')),
            ],
            options={
                'verbose_name': 'grant under review',
                'verbose_name_plural': 'grants under review',
                'ordering': ('grant__user__email', 'grant__category'),
                'default_permissions': ('view',),
            },
        ),
        migrations.AlterModelOptions(
            name='accessgrant',
            options={'ordering': ('-granted_at',), 'permissions': [('grant_access', 'May grant and revoke access')], 'verbose_name': 'access grant', 'verbose_name_plural': 'access grants'},
        ),
        migrations.AlterModelOptions(
            name='user',
            options={'ordering': ('email',), 'permissions': [('keep_accounts', 'May open accounts and close those of leavers'), ('reset_sign_in', "May reset another person's sign-in")], 'verbose_name': 'account', 'verbose_name_plural': 'accounts'},
        ),
        migrations.AddField(
            model_name='accessgrant',
            name='granted_by',
            field=models.CharField(default='', max_length=64, verbose_name='registered by'),
            preserve_default=False,
        ),
        migrations.AddField(
            model_name='accessgrant',
            name='replaces',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='accounts.accessgrant', verbose_name='replaces'),
        ),
        migrations.AddField(
            model_name='accessgrant',
            name='revocation',
            field=models.CharField(blank=True, max_length=400, verbose_name='why it was revoked'),
        ),
        migrations.AddField(
            model_name='accessgrant',
            name='role',
            field=models.CharField(blank=True, choices=[('officer', 'privacy officer'), ('handler', 'handler of personal information'), ('auditor', 'auditor'), ('employee', 'employee')], max_length=20, verbose_name='role'),
        ),
        migrations.AddField(
            model_name='user',
            name='is_outside',
            field=models.BooleanField(default=False, verbose_name='works for another company'),
        ),
        migrations.AddField(
            model_name='user',
            name='left_at',
            field=models.DateTimeField(blank=True, null=True, verbose_name='left'),
        ),
        migrations.AlterField(
            model_name='accessgrant',
            name='approved_by',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grants_approved', to=settings.AUTH_USER_MODEL, verbose_name='approved by'),
        ),
        migrations.AlterField(
            model_name='accessgrant',
            name='category',
            field=models.CharField(blank=True, max_length=40, verbose_name='category'),
        ),
        migrations.AlterField(
            model_name='accessgrant',
            name='purpose',
            field=models.CharField(blank=True, max_length=40, verbose_name='purpose'),
        ),
        migrations.AddIndex(
            model_name='accessgrant',
            index=models.Index(fields=['user', 'category', 'purpose'], name='grants_of_a_person'),
        ),
        migrations.AddConstraint(
            model_name='accessgrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('role', ''), _negated=True), ('category', ''), ('purpose', '')), models.Q(('role', ''), models.Q(('category', ''), _negated=True), models.Q(('purpose', ''), _negated=True)), _connector='OR'), name='access_is_to_a_role_or_to_a_category'),
        ),
        migrations.AddConstraint(
            model_name='user',
            constraint=models.CheckConstraint(condition=models.Q(('left_at__isnull', True), ('is_active', False), _connector='OR'), name='who_left_is_not_active'),
        ),
        migrations.AddField(
            model_name='accessrequest',
            name='grant',
            field=models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='request', to='accounts.accessgrant', verbose_name='grant'),
        ),
        migrations.AddField(
            model_name='accessrequest',
            name='user',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='access_requests', to=settings.AUTH_USER_MODEL, verbose_name='account'),
        ),
        migrations.AddConstraint(
            model_name='accessreview',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('signed_at', None), ('signed_by', ''), ('state', 'open')), models.Q(('signed_at__isnull', False), ('state', 'signed'), models.Q(('signed_by', ''), _negated=True)), _connector='OR'), name='access_review_is_signed_by_somebody'),
        ),
        migrations.AddField(
            model_name='reviewedgrant',
            name='grant',
            field=models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviewed', to='accounts.accessgrant', verbose_name='access grant'),
        ),
        migrations.AddField(
            model_name='reviewedgrant',
            name='review',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='accounts.accessreview', verbose_name='review'),
        ),
        migrations.AddConstraint(
            model_name='accessrequest',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='access_request_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='accessrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('role', ''), _negated=True), ('category', ''), ('purpose', '')), models.Q(('role', ''), models.Q(('category', ''), _negated=True), models.Q(('purpose', ''), _negated=True)), _connector='OR'), name='access_request_is_for_a_role_or_a_category'),
        ),
        migrations.AddConstraint(
            model_name='accessrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('grant__isnull', False), ('state', 'approved')), models.Q(models.Q(('state', 'approved'), _negated=True), ('grant__isnull', True)), _connector='OR'), name='access_request_is_granted_if_and_only_if_approved'),
        ),
        migrations.AddConstraint(
            model_name='reviewedgrant',
            constraint=models.UniqueConstraint(fields=('review', 'grant'), name='a_grant_once_in_a_review'),
        ),
    ]
