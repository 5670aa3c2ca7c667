from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("safeguards", "0010_copies")]

    # "end" is a reserved word of SQL.
    operations = [
        migrations.RemoveConstraint("copyrecord", "safeguards_copies_ended_say_how"),
        migrations.RenameField("copyrecord", "end", "outcome"),
        migrations.AddConstraint(
            "copyrecord",
            models.CheckConstraint(
                condition=models.Q(
                    models.Q(
                        ("confirmed_at", None),
                        ("confirmed_by", ""),
                        ("ended_on", None),
                        ("method", ""),
                        ("outcome", ""),
                    ),
                    models.Q(
                        ("confirmed_at__isnull", False),
                        ("ended_on__isnull", False),
                        models.Q(("outcome", ""), _negated=True),
                        models.Q(("method", ""), _negated=True),
                        models.Q(("confirmed_by", ""), _negated=True),
                    ),
                    _connector="OR",
                ),
                name="safeguards_copies_ended_say_how",
            ),
        ),
    ]
