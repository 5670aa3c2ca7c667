import django.db.models.deletion
import privacy.lib.ids
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
    ]

    operations = [
        migrations.CreateModel(
            name='Agency',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, unique=True, verbose_name='code')),
                ('name_ko', models.CharField(max_length=120, verbose_name='name (Korean)')),
                ('name_en', models.CharField(max_length=120, verbose_name='name (English)')),
                ('phone', models.CharField(max_length=40, verbose_name='phone')),
                ('url', models.URLField(blank=True, verbose_name='website')),
                ('named_in_policy', models.BooleanField(default=True, verbose_name='named in the policy')),
                ('last_verified_on', models.DateField(blank=True, null=True, verbose_name='last verified on')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'agency',
                'verbose_name_plural': 'agencies',
                'ordering': ('position',),
                'permissions': [('edit_agency', 'Can verify and edit agencies')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='ExtraHoliday',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('day', models.DateField(unique=True, verbose_name='day')),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('added_at', models.DateTimeField(verbose_name='added at')),
            ],
            options={
                'verbose_name': 'extra holiday',
                'verbose_name_plural': 'extra holidays',
                'ordering': ('-day',),
                'permissions': [('edit_calendar', 'Can edit the calendar of holidays')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Purpose',
            fields=[
                ('code', models.CharField(max_length=32, primary_key=True, serialize=False, verbose_name='code')),
                ('name_ko', models.CharField(max_length=120, verbose_name='name (Korean)')),
                ('name_en', models.CharField(max_length=120, verbose_name='name (English)')),
                ('is_internal', models.BooleanField(default=False, help_text="A duty of the office itself; the policy's list of purposes omits it.", verbose_name='internal')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
            ],
            options={
                'verbose_name': 'purpose',
                'verbose_name_plural': 'purposes',
                'ordering': ('position',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Officer',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('name', models.CharField(max_length=120, verbose_name='name')),
                ('department_ko', models.CharField(max_length=120, verbose_name='department (Korean)')),
                ('department_en', models.CharField(max_length=120, verbose_name='department (English)')),
                ('phone', models.CharField(max_length=40, verbose_name='phone')),
                ('email', models.EmailField(blank=True, max_length=254, verbose_name='e-mail')),
                ('designated_from', models.DateField(verbose_name='designated from')),
                ('designated_until', models.DateField(blank=True, null=True, verbose_name='designated until')),
            ],
            options={
                'verbose_name': 'protection officer',
                'verbose_name_plural': 'protection officers',
                'ordering': ('-designated_from',),
                'permissions': [('designate_officer', 'Can designate the protection officer')],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(condition=models.Q(('designated_until__isnull', True)), fields=('designated_until',), name='officer_one_designation_is_open', nulls_distinct=False), models.CheckConstraint(condition=models.Q(('designated_until__isnull', True), ('designated_until__gte', models.F('designated_from')), _connector='OR'), name='officer_designation_ends_after_it_starts')],
            },
        ),
        migrations.CreateModel(
            name='Parameter',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=60, verbose_name='code')),
                ('value', models.PositiveIntegerField(verbose_name='value')),
                ('unit', models.CharField(choices=[('hours', 'hours'), ('days', 'days'), ('months', 'months'), ('years', 'years'), ('count', 'count'), ('hour', 'hour of the day')], max_length=8, verbose_name='unit')),
                ('effective_on', models.DateField(verbose_name='effective date')),
                ('basis', models.CharField(max_length=120, verbose_name='basis')),
            ],
            options={
                'verbose_name': 'parameter',
                'verbose_name_plural': 'parameters',
                'ordering': ('code', '-effective_on'),
                'permissions': [('set_parameter', 'Can set statutory numbers')],
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('code', 'effective_on'), name='parameter_once_on_a_day')],
            },
        ),
        migrations.CreateModel(
            name='PolicyVersion',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('number', models.CharField(max_length=32, unique=True, verbose_name='version')),
                ('state', models.CharField(choices=[('draft', 'Draft'), ('review', 'Under review'), ('published', 'Published'), ('superseded', 'Superseded'), ('discarded', 'Discarded')], default='draft', max_length=12, verbose_name='state')),
                ('effective_on', models.DateField(blank=True, null=True, verbose_name='effective date')),
                ('reason_ko', models.TextField(blank=True, verbose_name='reason for the change (Korean)')),
                ('reason_en', models.TextField(blank=True, verbose_name='reason for the change (English)')),
                ('adverse', models.BooleanField(default=False, help_text='Such a change is announced longer ahead (V-07).', verbose_name="to the users' disadvantage")),
                ('drafted_at', models.DateTimeField(verbose_name='drafted at')),
                ('drafted_by', models.CharField(blank=True, max_length=64, verbose_name='drafted by')),
                ('submitted_at', models.DateTimeField(blank=True, null=True, verbose_name='submitted at')),
                ('submitted_by', models.CharField(blank=True, max_length=64, verbose_name='submitted by')),
                ('published_at', models.DateTimeField(blank=True, null=True, verbose_name='published at')),
                ('published_by', models.CharField(blank=True, max_length=64, verbose_name='published by')),
                ('document', models.JSONField(blank=True, null=True, verbose_name='published text')),
                ('seal', models.CharField(blank=True, help_text='SHA-256 of the published text.', max_length=64, verbose_name='seal')),
                ('based_on', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='successors', to='policies.policyversion', verbose_name='based on')),
            ],
            options={
                'verbose_name': 'policy version',
                'verbose_name_plural': 'policy versions',
                'ordering': ('-effective_on', '-drafted_at'),
                'permissions': [('edit_draft', 'Can draft and edit policy versions'), ('review_version', 'Can review policy versions'), ('publish_version', 'Can publish policy versions')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Notice',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('kind', models.CharField(choices=[('revision', 'Revision of the privacy policy'), ('breach', 'Breach notice'), ('general', 'Notice')], max_length=10, verbose_name='kind')),
                ('title_ko', models.CharField(max_length=200, verbose_name='title (Korean)')),
                ('title_en', models.CharField(max_length=200, verbose_name='title (English)')),
                ('body_ko', models.TextField(verbose_name='text (Korean)')),
                ('body_en', models.TextField(verbose_name='text (English)')),
                ('posted_on', models.DateField(verbose_name='posted on')),
                ('posted_until', models.DateField(blank=True, null=True, verbose_name='posted until')),
                ('version', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='notices', to='policies.policyversion', verbose_name='version')),
            ],
            options={
                'verbose_name': 'public notice',
                'verbose_name_plural': 'public notices',
                'ordering': ('-posted_on', '-id'),
                'permissions': [('post_notice', 'Can post public notices')],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='PreservationRule',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name_ko', models.CharField(max_length=200, verbose_name='records (Korean)')),
                ('name_en', models.CharField(max_length=200, verbose_name='records (English)')),
                ('law_ko', models.CharField(max_length=120, verbose_name='law (Korean)')),
                ('law_en', models.CharField(max_length=120, verbose_name='law (English)')),
                ('article_ko', models.CharField(max_length=120, verbose_name='article (Korean)')),
                ('article_en', models.CharField(max_length=120, verbose_name='article (English)')),
                ('record_kinds', models.JSONField(blank=True, default=list, verbose_name='kinds of records')),
                ('months', models.PositiveSmallIntegerField(verbose_name='months')),
                ('applied', models.BooleanField(default=False, verbose_name='applies to the company')),
                ('basis', models.CharField(blank=True, max_length=32, verbose_name='rule')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='preservation_rules', to='policies.policyversion', verbose_name='version')),
            ],
            options={
                'verbose_name': 'preservation rule',
                'verbose_name_plural': 'preservation rules',
                'ordering': ('version', 'position'),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Category',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('name_ko', models.CharField(max_length=120, verbose_name='name (Korean)')),
                ('name_en', models.CharField(max_length=120, verbose_name='name (English)')),
                ('optional', models.BooleanField(default=False, help_text='Nothing of an optional category is taken without its own agreement.', verbose_name='optional')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='categories', to='policies.policyversion', verbose_name='version')),
                ('purposes', models.ManyToManyField(related_name='categories', to='policies.purpose', verbose_name='purposes')),
            ],
            options={
                'verbose_name': 'category',
                'verbose_name_plural': 'categories',
                'ordering': ('version', 'position'),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='RetentionRule',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('clock', models.CharField(choices=[('licence-expiry', 'expiry of the licence'), ('service-end', 'end of the service'), ('purpose-achieved', 'achievement of the purpose'), ('record-date', 'date of the record')], max_length=20, verbose_name='counted from')),
                ('years', models.PositiveSmallIntegerField(default=0, verbose_name='years')),
                ('months', models.PositiveSmallIntegerField(default=0, verbose_name='months')),
                ('approval_required', models.BooleanField(default=True, verbose_name='destruction needs approval')),
                ('wait_hours', models.PositiveSmallIntegerField(default=24, help_text='Time to abort between approval and execution.', verbose_name='hours to wait')),
                ('category', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, related_name='retention', to='policies.category', verbose_name='category')),
            ],
            options={
                'verbose_name': 'retention rule',
                'verbose_name_plural': 'retention rules',
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Review',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('verdict', models.CharField(choices=[('approved', 'Approved'), ('returned', 'Returned')], max_length=10, verbose_name='verdict')),
                ('note', models.TextField(blank=True, verbose_name='note')),
                ('digest', models.CharField(max_length=64, verbose_name='digest of the draft')),
                ('reviewed_at', models.DateTimeField(verbose_name='reviewed at')),
                ('reviewed_by', models.CharField(max_length=64, verbose_name='reviewed by')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='reviews', to='policies.policyversion', verbose_name='version')),
            ],
            options={
                'verbose_name': 'review',
                'verbose_name_plural': 'reviews',
                'ordering': ('-reviewed_at',),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Section',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.SlugField(max_length=40, verbose_name='code')),
                ('heading_ko', models.CharField(max_length=120, verbose_name='heading (Korean)')),
                ('heading_en', models.CharField(max_length=120, verbose_name='heading (English)')),
                ('body_ko', models.TextField(blank=True, verbose_name='text (Korean)')),
                ('body_en', models.TextField(blank=True, verbose_name='text (English)')),
                ('applicable', models.BooleanField(default=True, help_text='Some headings are needed only where there is something to say.', verbose_name='applicable')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('version', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='sections', to='policies.policyversion', verbose_name='version')),
            ],
            options={
                'verbose_name': 'section',
                'verbose_name_plural': 'sections',
                'ordering': ('version', 'position'),
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Item',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('code', models.CharField(max_length=40, verbose_name='code')),
                ('name_ko', models.CharField(max_length=120, verbose_name='name (Korean)')),
                ('name_en', models.CharField(max_length=120, verbose_name='name (English)')),
                ('identifier', models.BooleanField(default=False, verbose_name='identifies a device')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='position')),
                ('category', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='items', to='policies.category', verbose_name='category')),
            ],
            options={
                'verbose_name': 'item',
                'verbose_name_plural': 'items',
                'ordering': ('category', 'position'),
                'default_permissions': ('view',),
                'constraints': [models.UniqueConstraint(fields=('category', 'code'), name='item_once_in_a_category'), models.CheckConstraint(condition=models.Q(('code__regex', '^[a-z][a-z0-9_]*$')), name='item_code_is_a_name')],
            },
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state__in', ('published', 'superseded')), ('document__isnull', False), ('effective_on__isnull', False), ('published_at__isnull', False), ('seal__regex', '^[0-9a-f]{64}$')), models.Q(models.Q(('state__in', ('published', 'superseded')), _negated=True), ('document__isnull', True), ('seal', '')), _connector='OR'), name='policy_published_if_and_only_if_sealed'),
        ),
        migrations.AddConstraint(
            model_name='policyversion',
            constraint=models.UniqueConstraint(condition=models.Q(('state__in', ('published', 'superseded'))), fields=('effective_on',), name='policy_one_version_takes_effect_on_a_day'),
        ),
        migrations.AddConstraint(
            model_name='notice',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('kind', 'revision'), _negated=True), ('version__isnull', False), _connector='OR'), name='notice_of_revision_names_its_version'),
        ),
        migrations.AddConstraint(
            model_name='preservationrule',
            constraint=models.UniqueConstraint(fields=('version', 'code'), name='preservation_once_in_a_version'),
        ),
        migrations.AddConstraint(
            model_name='preservationrule',
            constraint=models.CheckConstraint(condition=models.Q(('months__gt', 0)), name='preservation_has_a_term'),
        ),
        migrations.AddConstraint(
            model_name='category',
            constraint=models.UniqueConstraint(fields=('version', 'code'), name='category_once_in_a_version'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.CheckConstraint(condition=models.Q(('wait_hours__lte', 96)), name='retention_wait_fits_before_destruction'),
        ),
        migrations.AddConstraint(
            model_name='retentionrule',
            constraint=models.CheckConstraint(condition=models.Q(('months__lt', 12)), name='retention_months_are_less_than_a_year'),
        ),
        migrations.AddConstraint(
            model_name='review',
            constraint=models.CheckConstraint(condition=models.Q(('verdict', 'approved'), models.Q(('note', ''), _negated=True), _connector='OR'), name='review_returned_only_with_a_note'),
        ),
        migrations.AddConstraint(
            model_name='section',
            constraint=models.UniqueConstraint(fields=('version', 'code'), name='section_once_in_a_version'),
        ),
    ]
