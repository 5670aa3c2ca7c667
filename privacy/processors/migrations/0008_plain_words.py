"""Labels say in plain English what they mean; nothing in the tables changes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("processors", "0007_notices_end_on_the_day"),
    ]

    operations = [
        migrations.AlterField(
            model_name="overseastransfer",
            name="basis",
            field=models.CharField(
                choices=[
                    ("consent", "separate consent (PIPA art. 28-8(1)1)"),
                    ("law", "special provision of an Act or treaty (PIPA art. 28-8(1)2)"),
                    (
                        "published",
                        "consigned or stored for the contract, published in the policy (PIPA art. 28-8(1)3(a))",
                    ),
                    ("told", "consigned or stored for the contract, each person told (PIPA art. 28-8(1)3(b))"),
                    ("certified", "recipient certified by the PIPC’s list (PIPA art. 28-8(1)4)"),
                    ("adequate", "country recognised by the PIPC (PIPA art. 28-8(1)5)"),
                ],
                max_length=10,
                verbose_name="basis",
            ),
        ),
    ]
