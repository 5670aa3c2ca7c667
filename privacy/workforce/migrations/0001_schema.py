import django.db.models.deletion
import privacy.lib.identifiers.ids
import privacy.workforce.models.letters
import privacy.workforce.models.pledges
import privacy.workforce.models.training
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Course',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                ('kind', models.CharField(choices=[('in-house', 'in-house'), ('outside', 'outside')], default='in-house', max_length=10, verbose_name='kind')),
                ('title_ko', models.CharField(max_length=120, verbose_name='title (Korean)')),
                ('title_en', models.CharField(max_length=120, verbose_name='title (English)')),
                ('material_ko', models.TextField(blank=True, verbose_name='material (Korean)')),
                ('material_en', models.TextField(blank=True, verbose_name='material (English)')),
                ('questions', models.JSONField(blank=True, default=list, verbose_name='questions')),
                ('pass_mark', models.PositiveSmallIntegerField(default=80, verbose_name='pass mark (percent)')),
                ('offered_from', models.DateField(verbose_name='offered from')),
                ('offered_until', models.DateField(blank=True, null=True, verbose_name='offered until')),
            ],
            options={
                'verbose_name': 'course',
                'verbose_name_plural': 'courses',
                'ordering': ('title_ko',),
                'permissions': [('keep_training', 'May keep courses, sessions and attendance')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(('pass_mark__lte', 100)), name='course_pass_mark_is_a_percentage')],
            },
        ),
        migrations.CreateModel(
            name='PledgeText',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('occasion', models.CharField(choices=[('entry', 'on joining'), ('yearly', 'yearly renewal'), ('outside', 'outside staff'), ('leaving', 'on leaving')], max_length=10, verbose_name='occasion')),
                ('version', models.PositiveIntegerField(verbose_name='version')),
                ('title_ko', models.CharField(max_length=120, verbose_name='title (Korean)')),
                ('title_en', models.CharField(max_length=120, verbose_name='title (English)')),
                ('words_ko', models.TextField(verbose_name='text (Korean)')),
                ('words_en', models.TextField(verbose_name='text (English)')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('approved', 'approved'), ('withdrawn', 'discarded')], default='draft', max_length=10, verbose_name='state')),
                ('drafted_by', models.CharField(max_length=64, verbose_name='drafted by')),
                ('drafted_at', models.DateTimeField(verbose_name='drafted')),
                ('approved_by', models.CharField(blank=True, max_length=64, verbose_name='approved by')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved')),
                ('effective_on', models.DateField(blank=True, null=True, verbose_name='in force from')),
            ],
            options={
                'verbose_name': 'text of a pledge',
                'verbose_name_plural': 'texts of pledges',
                'ordering': ('occasion', '-version'),
                'permissions': [('draft_pledge', 'May draft the text of a pledge'), ('approve_pledge', 'May approve the text of a pledge')],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('occasion', 'version'), name='pledge_version_once'), models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('approved_by', models.F('drafted_by')), _negated=True), _connector='OR'), name='pledge_text_is_approved_by_another'), models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', False), ('effective_on__isnull', False), ('state', 'approved')), models.Q(models.Q(('state', 'approved'), _negated=True), ('effective_on__isnull', True)), _connector='OR'), name='pledge_text_in_force_is_approved')],
            },
        ),
        migrations.CreateModel(
            name='QuizAttempt',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('taken_at', models.DateTimeField(verbose_name='taken')),
                ('answers', models.JSONField(verbose_name='answers')),
                ('score', models.PositiveSmallIntegerField(verbose_name='score (percent)')),
                ('is_passed', models.BooleanField(verbose_name='passed')),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to='workforce.course', verbose_name='course')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attempts', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'quiz attempt',
                'verbose_name_plural': 'quiz attempts',
                'ordering': ('-taken_at',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='TrainingPlan',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('year', models.PositiveSmallIntegerField(unique=True, verbose_name='year')),
                ('aim', models.TextField(verbose_name='aim')),
                ('audience', models.TextField(verbose_name='for whom')),
                ('content', models.TextField(verbose_name='content')),
                ('method', models.TextField(verbose_name='method')),
                ('schedule', models.TextField(verbose_name='schedule')),
                ('state', models.CharField(choices=[('draft', 'draft'), ('approved', 'approved')], default='draft', max_length=10, verbose_name='state')),
                ('drafted_by', models.CharField(max_length=64, verbose_name='drafted by')),
                ('drafted_at', models.DateTimeField(verbose_name='drafted')),
                ('approved_by', models.CharField(blank=True, max_length=64, verbose_name='approved by')),
                ('approved_at', models.DateTimeField(blank=True, null=True, verbose_name='approved')),
            ],
            options={
                'verbose_name': 'training plan',
                'verbose_name_plural': 'training plans',
                'ordering': ('-year',),
                'permissions': [('approve_plan', 'May approve a training plan')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(('approved_by', ''), models.Q(('approved_by', models.F('drafted_by')), _negated=True), _connector='OR'), name='training_plan_is_approved_by_another')],
            },
        ),
        migrations.CreateModel(
            name='TrainingSession',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('held_on', models.DateField(verbose_name='day')),
                ('place', models.CharField(max_length=120, verbose_name='place')),
                ('trainer', models.CharField(max_length=120, verbose_name='trainer')),
                ('state', models.CharField(choices=[('planned', 'planned'), ('completed', 'held'), ('cancelled', 'cancelled')], default='planned', max_length=10, verbose_name='state')),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='workforce.course', verbose_name='course')),
                ('plan', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='sessions', to='workforce.trainingplan', verbose_name='plan')),
            ],
            options={
                'verbose_name': 'training session',
                'verbose_name_plural': 'training sessions',
                'ordering': ('-held_on',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ColleagueLetter',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.workforce.models.letters.new_letter_reference, max_length=12, unique=True, verbose_name='reference')),
                ('dated_on', models.DateField(verbose_name='date of the letter')),
                ('file_id', models.UUIDField(verbose_name='sealed file')),
                ('file_digest', models.CharField(max_length=64, verbose_name='SHA-256 of the scan')),
                ('recorded_by', models.CharField(max_length=64, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                ('read_by', models.CharField(blank=True, max_length=64, verbose_name='last read by')),
                ('read_at', models.DateTimeField(blank=True, null=True, verbose_name='last read')),
                ('confirmed_by', models.CharField(blank=True, max_length=64, verbose_name='confirmed by')),
                ('confirmed_at', models.DateTimeField(blank=True, null=True, verbose_name='confirmed')),
                ('refused_by', models.CharField(blank=True, max_length=64, verbose_name='refused by')),
                ('refused_at', models.DateTimeField(blank=True, null=True, verbose_name='refused')),
                ('refused_for', models.CharField(blank=True, choices=[('date', 'The date was recorded wrongly'), ('colleague', 'It names another colleague'), ('no-letter', "It isn't a letter signed by the representative")], max_length=16, verbose_name='reason for the refusal')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='letters', to=settings.AUTH_USER_MODEL, verbose_name='account')),
            ],
            options={
                'verbose_name': 'letter of the representative',
                'verbose_name_plural': 'letters of the representative',
                'ordering': ('-recorded_at',),
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('refused_by', '')), fields=('file_digest',), name='letter_is_recorded_once'), models.CheckConstraint(condition=models.Q(models.Q(('refused_at', None), ('refused_by', ''), ('refused_for', '')), models.Q(models.Q(('refused_by', ''), _negated=True), ('refused_at__isnull', False), models.Q(('refused_for', ''), _negated=True), ('confirmed_by', '')), _connector='OR'), name='letter_is_refused_with_a_reason'), models.CheckConstraint(condition=models.Q(models.Q(('confirmed_at', None), ('confirmed_by', '')), models.Q(models.Q(('confirmed_by', ''), _negated=True), ('confirmed_at__isnull', False), ('confirmed_by', models.F('read_by')), models.Q(('confirmed_by', models.F('recorded_by')), _negated=True)), _connector='OR'), name='letter_is_confirmed_by_another_who_read_it')],
            },
        ),
        migrations.CreateModel(
            name='Pledge',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.workforce.models.pledges.new_pledge_reference, max_length=12, unique=True, verbose_name='reference')),
                ('language', models.CharField(max_length=2, verbose_name='language')),
                ('typed_name', models.CharField(max_length=100, verbose_name='name as typed')),
                ('way', models.CharField(choices=[('browser', 'signed in the browser'), ('paper', 'signed on paper')], default='browser', max_length=8, verbose_name='way')),
                ('registered_by', models.CharField(blank=True, max_length=64, verbose_name='registered by')),
                ('paper_digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the scan')),
                ('signed_at', models.DateTimeField(verbose_name='signed')),
                ('signed_on', models.DateField(verbose_name='day of signing')),
                ('valid_until', models.DateField(blank=True, null=True, verbose_name='valid until')),
                ('request', models.CharField(blank=True, max_length=64, verbose_name='request')),
                ('seal', models.CharField(max_length=64, verbose_name='seal')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pledges', to=settings.AUTH_USER_MODEL, verbose_name='account')),
                ('text', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='pledges', to='workforce.pledgetext', verbose_name='text of a pledge')),
            ],
            options={
                'verbose_name': 'pledge',
                'verbose_name_plural': 'pledges',
                'ordering': ('-signed_at',),
                'permissions': [('register_pledge', 'May register a pledge signed on paper')],
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['user', 'valid_until'], name='pledges_of_a_person')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('paper_digest', ''), ('registered_by', ''), ('way', 'browser')), models.Q(('way', 'paper'), models.Q(('registered_by', ''), _negated=True), models.Q(('paper_digest', ''), _negated=True)), _connector='OR'), name='paper_pledge_names_its_registrar_and_scan')],
            },
        ),
        migrations.CreateModel(
            name='CourseCompletion',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.workforce.models.training.new_completion_reference, max_length=12, unique=True, verbose_name='reference')),
                ('method', models.CharField(choices=[('quiz', 'read and passed the quiz'), ('session', 'attended the session'), ('certificate', 'certificate of an outside course')], max_length=12, verbose_name='how')),
                ('score', models.PositiveSmallIntegerField(blank=True, null=True, verbose_name='score (percent)')),
                ('completed_on', models.DateField(verbose_name='completed')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded')),
                ('valid_until', models.DateField(verbose_name='valid until')),
                ('registered_by', models.CharField(max_length=64, verbose_name='registered by')),
                ('certificate_id', models.UUIDField(blank=True, null=True, verbose_name='certificate')),
                ('certificate_digest', models.CharField(blank=True, max_length=64, verbose_name='SHA-256 of the certificate')),
                ('course', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='workforce.course', verbose_name='course')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='trainings', to=settings.AUTH_USER_MODEL, verbose_name='account')),
                ('session', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='attendances', to='workforce.trainingsession', verbose_name='session')),
            ],
            options={
                'verbose_name': 'completed training',
                'verbose_name_plural': 'completed training',
                'ordering': ('-completed_on', '-recorded_at'),
                'default_permissions': ('view',),
                'indexes': [models.Index(fields=['user', 'valid_until'], name='trainings_of_a_person')],
                'constraints': [models.UniqueConstraint(fields=('user', 'session'), name='once_in_a_session'), models.CheckConstraint(condition=models.Q(models.Q(('method', 'certificate'), _negated=True), models.Q(('certificate_id__isnull', False), models.Q(('certificate_digest', ''), _negated=True)), _connector='OR'), name='outside_training_has_its_certificate')],
            },
        ),
    ]
