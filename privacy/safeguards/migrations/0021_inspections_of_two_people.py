"""Who recorded an inspection's result takes note of it as little as who held it (decision 0106)."""

from django.db import migrations, models

TWO_PEOPLE = """
CREATE TRIGGER safeguards_result_has_two_people BEFORE INSERT OR UPDATE ON safeguards_inspection
    FOR EACH ROW WHEN (NEW.held_by <> '')
    EXECUTE FUNCTION accounts_approved_by_second_person('reported_to', 'reported_at', 'held_by');
"""


class Migration(migrations.Migration):

    dependencies = [
        ('safeguards', '0020_inspection_guards'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='inspection',
            name='safeguards_inspection_is_reported_to_another',
        ),
        migrations.AddField(
            model_name='inspection',
            name='held_by',
            field=models.CharField(blank=True, db_default='', max_length=64, verbose_name='result recorded by'),
        ),
        migrations.AddConstraint(
            model_name='inspection',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('reported_at__isnull', False), ('state', 'reported'), models.Q(('reported_to', ''), _negated=True), models.Q(('reported_to', models.F('inspector')), _negated=True), models.Q(('reported_to', models.F('held_by')), _negated=True)), models.Q(models.Q(('state', 'reported'), _negated=True), ('reported_at', None), ('reported_to', '')), _connector='OR'), name='safeguards_inspection_is_reported_to_another'),
        ),
        migrations.RunSQL(TWO_PEOPLE),
    ]
