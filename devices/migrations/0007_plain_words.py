"""Labels say in plain English what they mean; nothing in the tables changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0006_what_corrections_replaced"),
    ]

    operations = [
        migrations.AlterField(
            model_name="gateway",
            name="users",
            field=models.CharField(
                choices=[
                    ("staff", "a company's staff, by contract nobody under 14"),
                    ("anybody", "anyone, also children: their age is asked"),
                ],
                default="staff",
                help_text="If anyone may, the agent asks each user for their date of birth before they agree.",
                max_length=8,
                verbose_name="who uses its devices",
            ),
        ),
    ]
