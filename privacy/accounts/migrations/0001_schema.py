import django.db.models.deletion
import privacy.accounts.models.access_grants
import privacy.accounts.models.access_reviews
import privacy.accounts.models.account_acts
import privacy.accounts.models.emergency_approvals
import privacy.accounts.models.users
import privacy.lib.identifiers.ids
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='SignInThrottle',
            fields=[
                ('key', models.CharField(max_length=80, primary_key=True, serialize=False)),
                ('failures', models.PositiveIntegerField(default=0)),
                ('failed_at', models.DateTimeField()),
                ('wait_until', models.DateTimeField(null=True)),
            ],
            options={
                'verbose_name': 'failed sign-ins',
                'verbose_name_plural': 'failed sign-ins',
            },
        ),
        migrations.CreateModel(
            name='User',
            fields=[
                ('password', models.CharField(max_length=128, verbose_name='password')),
                ('last_login', models.DateTimeField(blank=True, null=True, verbose_name='last login')),
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.users.new_user_reference, editable=False, max_length=12, unique=True, verbose_name='reference')),
                ('email', models.EmailField(max_length=254, unique=True, verbose_name='e-mail')),
                ('name', models.CharField(max_length=100, verbose_name='name')),
                ('is_active', models.BooleanField(default=True, verbose_name='active')),
                ('is_outside', models.BooleanField(default=False, verbose_name='works for another company')),
                ('joined_at', models.DateTimeField(auto_now_add=True, verbose_name='joined')),
                ('left_at', models.DateTimeField(blank=True, null=True, verbose_name='left')),
            ],
            options={
                'verbose_name': 'account',
                'verbose_name_plural': 'accounts',
                'ordering': ('email',),
                'permissions': [('keep_accounts', 'May open accounts and close those of leavers'), ('reset_sign_in', "May reset another person's sign-in")],
                'constraints': [models.CheckConstraint(condition=models.Q(('left_at__isnull', True), ('is_active', False), _connector='OR'), name='who_left_is_not_active')],
            },
        ),
        migrations.CreateModel(
            name='AccessGrant',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('role', models.CharField(blank=True, choices=[('officer', 'protection officer'), ('handler', 'handler of personal information'), ('auditor', 'auditor'), ('employee', 'employee')], max_length=20, verbose_name='role')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='category')),
                ('purpose', models.CharField(blank=True, max_length=40, verbose_name='purpose')),
                ('reason', models.CharField(max_length=400, verbose_name='reason')),
                ('asked_by', models.CharField(max_length=64, verbose_name='requested by')),
                ('granted_by', models.CharField(max_length=64, verbose_name='registered by')),
                ('granted_at', models.DateTimeField(verbose_name='granted at')),
                ('valid_from', models.DateField(verbose_name='from')),
                ('valid_until', models.DateField(verbose_name='until')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='revoked')),
                ('revocation', models.CharField(blank=True, max_length=400, verbose_name='why it was revoked')),
                ('approved_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='grants_approved', to=settings.AUTH_USER_MODEL, verbose_name='approved by')),
                ('replaces', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaced_by', to='accounts.accessgrant', verbose_name='replaces')),
                ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='revoked by')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='grants', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'access grant',
                'verbose_name_plural': 'access grants',
                'ordering': ('-granted_at',),
                'permissions': [('grant_access', 'May grant and revoke access')],
            },
        ),
        migrations.CreateModel(
            name='AccessRequest',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.access_grants.new_request_reference, max_length=12, unique=True, verbose_name='reference')),
                ('role', models.CharField(blank=True, choices=[('officer', 'protection officer'), ('handler', 'handler of personal information'), ('auditor', 'auditor'), ('employee', 'employee')], max_length=20, verbose_name='role')),
                ('category', models.CharField(blank=True, max_length=40, verbose_name='category')),
                ('purpose', models.CharField(blank=True, max_length=40, verbose_name='purpose')),
                ('reason', models.CharField(max_length=400, verbose_name='reason')),
                ('valid_from', models.DateField(verbose_name='from')),
                ('valid_until', models.DateField(verbose_name='until')),
                ('asked_by', models.CharField(max_length=64, verbose_name='requested by')),
                ('requested_at', models.DateTimeField(verbose_name='requested at')),
                ('state', models.CharField(choices=[('requested', 'waiting for a decision'), ('approved', 'approved'), ('refused', 'refused'), ('withdrawn', 'withdrawn')], default='requested', max_length=10, verbose_name='state')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('decided_by', models.CharField(blank=True, max_length=64, verbose_name='decided by')),
                ('decision', models.CharField(blank=True, max_length=400, verbose_name='reason for the decision')),
                ('grant', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='request', to='accounts.accessgrant', verbose_name='grant')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='access_requests', to=settings.AUTH_USER_MODEL, verbose_name='account')),
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
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.access_reviews.new_review_reference, max_length=12, unique=True, verbose_name='reference')),
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
                'verbose_name': 'access review',
                'verbose_name_plural': 'access reviews',
                'ordering': ('-period_from',),
                'permissions': [('review_access', 'May review grants and sign the review')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('signed_at', None), ('signed_by', ''), ('state', 'open')), models.Q(('signed_at__isnull', False), ('state', 'signed'), models.Q(('signed_by', ''), _negated=True)), _connector='OR'), name='access_review_is_signed_by_somebody')],
            },
        ),
        migrations.CreateModel(
            name='AccountAct',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.account_acts.new_act_reference, max_length=12, unique=True, verbose_name='reference')),
                ('kind', models.CharField(choices=[('open', 'open an account'), ('reset', 'reset a sign-in'), ('factor', 'remove a second factor')], max_length=10, verbose_name='kind')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('name', models.CharField(blank=True, max_length=100, verbose_name='name')),
                ('role', models.CharField(blank=True, choices=[('officer', 'protection officer'), ('handler', 'handler of personal information'), ('auditor', 'auditor'), ('employee', 'employee')], max_length=20, verbose_name='role')),
                ('factor', models.PositiveBigIntegerField(blank=True, null=True, verbose_name='second factor')),
                ('is_outside', models.BooleanField(default=False, verbose_name='works for another company')),
                ('reason', models.CharField(max_length=400, verbose_name='reason')),
                ('asked_by', models.CharField(max_length=64, verbose_name='requested by')),
                ('asked_at', models.DateTimeField(verbose_name='requested at')),
                ('state', models.CharField(choices=[('requested', 'waiting for a decision'), ('approved', 'approved'), ('refused', 'refused')], default='requested', max_length=10, verbose_name='state')),
                ('decided_by', models.CharField(blank=True, max_length=64, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('decision', models.CharField(blank=True, max_length=400, verbose_name='reason for the decision')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='account_acts', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'account request',
                'verbose_name_plural': 'account requests',
                'ordering': ('-asked_at',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ApprovalSignature',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('about', models.CharField(max_length=64, verbose_name='record')),
                ('made_by', models.CharField(max_length=64, verbose_name='signed by')),
                ('made_at', models.DateTimeField(verbose_name='signed at')),
                ('statement', models.CharField(max_length=20000, verbose_name='statement')),
                ('key', models.CharField(max_length=4000, verbose_name='public key')),
                ('answer', models.CharField(max_length=20000, verbose_name='answer of the key')),
            ],
            options={
                'verbose_name': 'signature of an approval',
                'verbose_name_plural': 'signatures of approvals',
                'ordering': ['made_at', 'id'],
                'default_permissions': (),
                'indexes': [models.Index(fields=['about'], name='approval_signature_by_record')],
            },
        ),
        migrations.CreateModel(
            name='Browser',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('token_digest', models.CharField(max_length=64)),
                ('title', models.CharField(max_length=80, verbose_name='device')),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='network address')),
                ('first_seen_at', models.DateTimeField(verbose_name='first seen')),
                ('last_seen_at', models.DateTimeField(verbose_name='last seen')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='browsers', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'sign-in device',
                'verbose_name_plural': 'sign-in devices',
                'ordering': ('-last_seen_at',),
            },
        ),
        migrations.CreateModel(
            name='EmergencyApproval',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.accounts.models.emergency_approvals.new_emergency_reference, max_length=12, unique=True, verbose_name='reference')),
                ('about_table', models.CharField(max_length=63)),
                ('about_id', models.UUIDField()),
                ('asked_by', models.CharField(blank=True, max_length=64, verbose_name='act requested by')),
                ('asked_at', models.DateTimeField(null=True, verbose_name='act requested at')),
                ('made_by', models.CharField(max_length=64, verbose_name='approved alone by')),
                ('made_at', models.DateTimeField(verbose_name='approved alone at')),
                ('reason', models.CharField(max_length=1000, verbose_name='reason')),
                ('told', models.PositiveSmallIntegerField(verbose_name='people told')),
                ('review_due_at', models.DateTimeField(verbose_name='review due')),
                ('escalated_at', models.DateTimeField(blank=True, null=True, verbose_name='passed to the representative')),
                ('reviewed_by', models.CharField(blank=True, max_length=64, verbose_name='reviewed by')),
                ('reviewed_at', models.DateTimeField(blank=True, null=True, verbose_name='reviewed')),
                ('outcome', models.CharField(blank=True, choices=[('justified', 'justified'), ('unjustified', 'not justified')], max_length=12, verbose_name='outcome')),
                ('note', models.CharField(blank=True, max_length=1000, verbose_name='what the review found')),
            ],
            options={
                'verbose_name': 'emergency approval',
                'verbose_name_plural': 'emergency approvals',
                'ordering': ('-made_at',),
                'permissions': [('approve_alone', 'May go on alone where no second person is to be had'), ('review_emergency', 'May review what another approved alone')],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['about_id', 'about_table'], name='emergency_by_record')],
                'constraints': [models.CheckConstraint(condition=models.Q(('reason__regex', '\\S.{18,}\\S')), name='emergency_has_a_written_reason'), models.CheckConstraint(condition=models.Q(models.Q(('outcome', ''), ('reviewed_at', None), ('reviewed_by', '')), models.Q(('reviewed_at__isnull', False), models.Q(('reviewed_by', ''), _negated=True), models.Q(('outcome', ''), _negated=True), models.Q(('reviewed_by', models.F('made_by')), _negated=True)), _connector='OR'), name='emergency_is_reviewed_by_another'), models.CheckConstraint(condition=models.Q(('reference__startswith', 'EM-')), name='emergency_has_a_name_of_its_own'), models.CheckConstraint(condition=models.Q(('told__gt', 0)), name='emergency_tells_somebody')],
            },
        ),
        migrations.CreateModel(
            name='Invitation',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('asked_by', models.CharField(max_length=64, verbose_name='requested by')),
                ('approved_by', models.CharField(max_length=64, verbose_name='approved by')),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('used_at', models.DateTimeField(blank=True, null=True, verbose_name='used')),
                ('factor_at', models.DateTimeField(blank=True, null=True, verbose_name='second factor added')),
                ('withdrawn_at', models.DateTimeField(blank=True, null=True, verbose_name='replaced')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='invitations', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'invitation',
                'verbose_name_plural': 'invitations',
                'ordering': ('-made_at',),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='RepresentativeLink',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('asked_by', models.CharField(max_length=64, verbose_name='requested by')),
                ('reason', models.CharField(blank=True, max_length=400, verbose_name='reason')),
                ('digest', models.CharField(blank=True, max_length=64)),
                ('made_at', models.DateTimeField(verbose_name='made at')),
                ('expires_at', models.DateTimeField(verbose_name='expires')),
                ('answer', models.CharField(blank=True, choices=[('yes', 'confirmed'), ('no', 'not confirmed')], max_length=3, verbose_name='answer')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='answered')),
                ('emergency', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='links', to='accounts.emergencyapproval')),
                ('user', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='confirmations', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'question to the representative',
                'verbose_name_plural': 'questions to the representative',
                'ordering': ('-made_at',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ReviewedGrant',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('outcome', models.CharField(choices=[('pending', 'to review'), ('confirmed', 'confirmed'), ('revoked', 'revoked'), ('expired', 'expired')], default='pending', max_length=10, verbose_name='outcome')),
                ('decided_by', models.CharField(blank=True, max_length=64, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(blank=True, null=True, verbose_name='decided')),
                ('note', models.CharField(blank=True, max_length=400, verbose_name='note')),
                ('grant', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviewed', to='accounts.accessgrant', verbose_name='access grant')),
                ('review', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='lines', to='accounts.accessreview', verbose_name='review')),
            ],
            options={
                'verbose_name': 'grant under review',
                'verbose_name_plural': 'grants under review',
                'ordering': ('grant__user__email', 'grant__category'),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SavedView',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('register', models.CharField(max_length=60, verbose_name='list')),
                ('title', models.CharField(max_length=60, verbose_name='name')),
                ('query', models.CharField(max_length=500, verbose_name='filters')),
                ('is_shared', models.BooleanField(default=False, verbose_name='shared')),
                ('made_at', models.DateTimeField(verbose_name='saved at')),
                ('removed_at', models.DateTimeField(blank=True, null=True, verbose_name='removed at')),
                ('owner', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='views', to=settings.AUTH_USER_MODEL, verbose_name='owner')),
            ],
            options={
                'verbose_name': 'saved view',
                'verbose_name_plural': 'saved views',
                'ordering': ('title', 'id'),
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='SignIn',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('session_key', models.CharField(max_length=40)),
                ('address', models.CharField(blank=True, max_length=45, verbose_name='network address')),
                ('began_at', models.DateTimeField(verbose_name='since')),
                ('ended_at', models.DateTimeField(blank=True, null=True, verbose_name='ended')),
                ('ended_by', models.CharField(blank=True, choices=[('signed-out', 'you signed out'), ('idle', 'you were inactive for a while'), ('longest', 'the maximum session time was reached'), ('revoked', 'you ended the session'), ('replaced', 'you signed in again elsewhere'), ('reset', 'your sign-in was reset'), ('password', 'your password was changed'), ('access', 'access was revoked'), ('left', 'the account was closed')], max_length=12, verbose_name='ended because')),
                ('browser', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to='accounts.browser')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sign_ins', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'session',
                'verbose_name_plural': 'sessions',
                'ordering': ('-began_at',),
            },
        ),
        migrations.AddIndex(
            model_name='accessgrant',
            index=models.Index(fields=['user', 'category', 'purpose'], name='grants_of_a_person'),
        ),
        migrations.AddConstraint(
            model_name='accessgrant',
            constraint=models.CheckConstraint(condition=models.Q(('user', models.F('approved_by')), _negated=True), name='access_is_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='accessgrant',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='access_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='accessgrant',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(models.Q(('role', ''), _negated=True), ('category', ''), ('purpose', '')), models.Q(('role', ''), models.Q(('category', ''), _negated=True), models.Q(('purpose', ''), _negated=True)), _connector='OR'), name='access_is_to_a_role_or_to_a_category'),
        ),
        migrations.AddConstraint(
            model_name='accessrequest',
            constraint=models.CheckConstraint(condition=models.Q(('valid_until__gte', models.F('valid_from'))), name='access_request_ends_after_it_begins'),
        ),
        migrations.AddConstraint(
            model_name='accessrequest',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(('decided_by', models.F('asked_by')), _negated=True), _connector='OR'), name='access_request_is_approved_by_another'),
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
            model_name='accountact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'approved'), _negated=True), models.Q(models.Q(('decided_by', ''), _negated=True), models.Q(('decided_by', models.F('asked_by')), _negated=True)), _connector='OR'), name='account_act_is_approved_by_another'),
        ),
        migrations.AddConstraint(
            model_name='accountact',
            constraint=models.CheckConstraint(condition=models.Q(('user__isnull', False), models.Q(('kind', 'open'), models.Q(('state', 'approved'), _negated=True)), _connector='OR'), name='account_act_is_about_an_account'),
        ),
        migrations.AddConstraint(
            model_name='accountact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('factor__isnull', False), ('kind', 'factor')), models.Q(models.Q(('kind', 'factor'), _negated=True), ('factor', None)), _connector='OR'), name='account_act_names_the_factor_to_remove'),
        ),
        migrations.AddConstraint(
            model_name='accountact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('decided_at', None), ('decided_by', ''), ('state', 'requested')), models.Q(models.Q(('state', 'requested'), _negated=True), ('decided_at__isnull', False), models.Q(('decided_by', ''), _negated=True)), _connector='OR'), name='account_act_is_decided_by_someone'),
        ),
        migrations.AddConstraint(
            model_name='browser',
            constraint=models.UniqueConstraint(fields=('user', 'token_digest'), name='browser_is_known_once'),
        ),
        migrations.AddIndex(
            model_name='invitation',
            index=models.Index(fields=['digest'], name='invitation_by_digest'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('used_at', None), ('withdrawn_at', None), _connector='OR'), name='invitation_is_used_or_replaced'),
        ),
        migrations.AddConstraint(
            model_name='invitation',
            constraint=models.CheckConstraint(condition=models.Q(('factor_at', None), ('used_at__isnull', False), _connector='OR'), name='invitation_comes_before_the_second_factor'),
        ),
        migrations.AddIndex(
            model_name='representativelink',
            index=models.Index(fields=['digest'], name='representative_link_by_digest'),
        ),
        migrations.AddConstraint(
            model_name='representativelink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('emergency', None), ('user__isnull', False)), models.Q(('emergency__isnull', False), ('user', None)), _connector='OR'), name='representative_link_is_about_one_thing'),
        ),
        migrations.AddConstraint(
            model_name='representativelink',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer', ''), ('answered_at', None)), models.Q(models.Q(('answer', ''), _negated=True), ('answered_at__isnull', False)), _connector='OR'), name='representative_link_is_answered_with_a_time'),
        ),
        migrations.AddConstraint(
            model_name='reviewedgrant',
            constraint=models.UniqueConstraint(fields=('review', 'grant'), name='a_grant_once_in_a_review'),
        ),
        migrations.AddConstraint(
            model_name='savedview',
            constraint=models.UniqueConstraint(condition=models.Q(('removed_at', None)), fields=('owner', 'register', 'title'), name='view_has_one_name_in_its_list'),
        ),
        migrations.AddIndex(
            model_name='signin',
            index=models.Index(fields=['session_key'], name='sign_in_by_session'),
        ),
        migrations.AddConstraint(
            model_name='signin',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('ended_at__isnull', True), ('ended_by', '')), models.Q(('ended_at__isnull', False), models.Q(('ended_by', ''), _negated=True)), _connector='OR'), name='sign_in_ended_if_and_only_if_it_says_why'),
        ),
    ]
