"""Notes of the office stand among the sealed particulars of a case."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("rights", "0003_corrections_of_single_reports")]

    operations = [
        migrations.AlterField(
            model_name="particulars",
            name="about",
            field=models.CharField(
                choices=[
                    ("case", "the request"),
                    ("objection", "an objection"),
                    ("answer", "the explanation of a decision"),
                    ("note", "a note of the office"),
                ],
                default="case",
                max_length=10,
                verbose_name="about",
            ),
        ),
        migrations.AlterField(
            model_name="particulars",
            name="about_id",
            field=models.UUIDField(unique=True, verbose_name="case, objection, right or step"),
        ),
    ]
