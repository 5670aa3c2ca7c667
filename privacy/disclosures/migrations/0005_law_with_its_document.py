from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):
    """New rows only: what was provided by law before has no scan here."""

    dependencies = [
        ('disclosures', '0004_what_authorities_must_say'),
    ]

    operations = [
        AddConstraintNotValid(
            model_name='disclosure',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('basis', 'law'), ('state__in', ['approved', 'provided']), _negated=True), models.Q(('document_due_on__isnull', False), ('urgent', True)), ('scan_id__isnull', False), _connector='OR'), name='disclosures_by_law_approved_with_its_document'),
        ),
    ]
