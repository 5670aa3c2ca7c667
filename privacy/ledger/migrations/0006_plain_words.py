"""Labels say in plain English what they mean; nothing in the tables changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("ledger", "0005_entries_about_rows"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="entry",
            options={
                "default_permissions": ("view",),
                "managed": False,
                "permissions": [
                    ("verify_trail", "Can verify the audit trail"),
                    ("export_trail", "Can export bundles and proofs of the audit trail"),
                    ("review_trail", "Can review access records"),
                    ("confirm_review", "Can confirm a review of access records"),
                    ("confirm_adoption", "Can confirm that registers were recorded again"),
                    ("accept_refusal", "Can accept entry times that the notary refused"),
                ],
                "verbose_name": "entry",
                "verbose_name_plural": "entries",
            },
        ),
    ]
