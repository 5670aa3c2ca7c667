"""An access keeps which places it leaves out because they concern other people, and why."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0004_two_people")]

    operations = [
        migrations.AddField(
            model_name="right",
            name="redactions",
            field=models.JSONField(
                blank=True, db_default=[], default=list, verbose_name="other people's data left out"
            ),
        ),
        migrations.AddConstraint(
            model_name="right",
            constraint=models.CheckConstraint(
                name="rights_redacted_is_no_whole_grant",
                condition=models.Q(redactions=[])
                | (models.Q(kind="access") & ~models.Q(decision="granted")),
            ),
        ),
    ]
