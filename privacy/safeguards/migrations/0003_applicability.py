import django.db.models.deletion
import privacy.lib.identifiers.ids
import privacy.safeguards.models.applicability
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('policies', '0003_data'),
        ('safeguards', '0002_guards'),
    ]

    operations = [
        migrations.CreateModel(
            name='YearFigures',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('year', models.PositiveSmallIntegerField(verbose_name='year')),
                ('sales', models.PositiveBigIntegerField(verbose_name='sales (million won)')),
                ('average_sales', models.PositiveBigIntegerField(verbose_name='average sales of three years (million won)')),
                ('people', models.PositiveBigIntegerField(verbose_name='people, daily average of the last three months')),
                ('sensitive_people', models.PositiveBigIntegerField(verbose_name='people with sensitive or unique data, likewise')),
                ('users', models.PositiveBigIntegerField(verbose_name='users of the online service, likewise')),
                ('is_small', models.BooleanField(verbose_name='small or medium-sized enterprise')),
                ('source', models.CharField(max_length=300, verbose_name='where the numbers come from')),
                ('recorded_by', models.CharField(max_length=64, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
            ],
            options={
                'verbose_name': 'numbers of a year',
                'verbose_name_plural': 'numbers of the years',
                'ordering': ['-year', '-recorded_at'],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('source', ''), _negated=True), ('year__gte', 2020)), name='safeguards_figures_say_where_they_come_from')],
            },
        ),
        migrations.CreateModel(
            name='OfficerFiling',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('qualification', models.TextField(verbose_name='qualification (Decree, annex 1)')),
                ('resolved_on', models.DateField(verbose_name='resolved by the board on')),
                ('resolution', models.CharField(max_length=200, verbose_name='resolution')),
                ('filed_on', models.DateField(verbose_name='filed with the PIPC on')),
                ('receipt', models.CharField(max_length=200, verbose_name='receipt of the filing')),
                ('recorded_by', models.CharField(max_length=64, verbose_name='recorded by')),
                ('recorded_at', models.DateTimeField(verbose_name='recorded at')),
                ('officer', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='filing', to='policies.officer', verbose_name='designation')),
            ],
            options={
                'verbose_name': 'filing of the protection officer',
                'verbose_name_plural': 'filings of the protection officer',
                'ordering': ['-filed_on'],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('qualification', ''), _negated=True), models.Q(('resolution', ''), _negated=True), models.Q(('receipt', ''), _negated=True)), name='safeguards_filing_is_whole')],
            },
        ),
        migrations.CreateModel(
            name='ApplicabilityDecision',
            fields=[
                ('id', models.UUIDField(default=privacy.lib.identifiers.ids.new_id, editable=False, primary_key=True, serialize=False)),
                ('reference', models.CharField(default=privacy.safeguards.models.applicability.new_decision_reference, max_length=16, unique=True, verbose_name='reference')),
                ('threshold', models.CharField(choices=[('officer', 'Qualified protection officer, resolution of the board, filing with the PIPC'), ('insurance', 'Insurance, mutual aid or reserve for damages'), ('use-notice', 'Yearly notice of use and provision'), ('network', 'Computers of handlers cut off from the internet'), ('continuity', 'Crisis manual, plan of backup and recovery'), ('portability', "Transmission of one's own data on request"), ('telecom', 'Telecommunications business operator, value-added services included'), ('certification', 'Compulsory certification (ISMS-P)')], max_length=20, verbose_name='duty')),
                ('limits', models.JSONField(default=dict, verbose_name='thresholds on that day')),
                ('computed', models.BooleanField(blank=True, null=True, verbose_name='what the numbers say')),
                ('applies', models.BooleanField(verbose_name='the duty binds')),
                ('reasons', models.TextField(verbose_name='reasons')),
                ('decided_by', models.CharField(max_length=64, verbose_name='decided by')),
                ('decided_at', models.DateTimeField(verbose_name='decided at')),
                ('decided_on', models.DateField(verbose_name='decided on')),
                ('again_on', models.DateField(verbose_name='look again by')),
                ('measure', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='safeguards.measure', verbose_name='measure')),
                ('figures', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='decisions', to='safeguards.yearfigures', verbose_name='numbers of a year')),
            ],
            options={
                'verbose_name': 'decision whether a duty binds',
                'verbose_name_plural': 'which duties bind (applicability)',
                'ordering': ['-decided_at'],
                'permissions': [('decide_applicability', 'Can decide which duties bind the company')],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('reasons', ''), _negated=True), models.Q(('decided_by', ''), _negated=True)), name='safeguards_applicability_has_reasons'), models.CheckConstraint(condition=models.Q(('computed', None), ('figures__isnull', False), _connector='OR'), name='safeguards_applicability_is_computed_from_numbers')],
            },
        ),
    ]
