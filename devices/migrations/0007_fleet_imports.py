import devices.models.imports
import django.db.models.deletion
import privacy.lib.ids
import privacy.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("devices", "0006_report_body_by_kind"),
    ]

    operations = [
        migrations.CreateModel(
            name="ImportedRow",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("import_id", models.UUIDField(verbose_name="import")),
                ("number", models.PositiveIntegerField(verbose_name="row")),
                ("registration", privacy.vault.fields.SealedJSONField()),
            ],
            options={
                "verbose_name": "imported row",
                "verbose_name_plural": "imported rows",
                "default_permissions": (),
                "indexes": [models.Index(fields=["import_id", "number"], name="devices_rows_of_an_import")],
            },
        ),
        migrations.CreateModel(
            name="FleetImport",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "reference",
                    models.CharField(
                        default=devices.models.imports.new_import_reference,
                        max_length=16,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                ("file_digest", models.CharField(max_length=64, verbose_name="SHA-256 of the file")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("proposed", "to be confirmed"),
                            ("running", "being carried out"),
                            ("completed", "completed"),
                            ("cancelled", "discarded"),
                        ],
                        default="proposed",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("rows", models.PositiveIntegerField(default=0, verbose_name="rows")),
                ("accepted", models.PositiveIntegerField(default=0, verbose_name="can be taken")),
                ("refused", models.PositiveIntegerField(default=0, verbose_name="can't be taken")),
                ("registered", models.PositiveIntegerField(default=0, verbose_name="registered")),
                ("findings", models.JSONField(default=list, verbose_name="findings")),
                ("made_by", models.CharField(max_length=80, verbose_name="brought by")),
                ("made_at", models.DateTimeField(verbose_name="brought")),
                ("confirmed_by", models.CharField(blank=True, max_length=80, verbose_name="confirmed by")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="confirmed")),
                ("finished_at", models.DateTimeField(blank=True, null=True, verbose_name="finished")),
                (
                    "gateway",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="devices.gateway",
                        verbose_name="gateway",
                    ),
                ),
            ],
            options={
                "verbose_name": "fleet import",
                "verbose_name_plural": "fleet imports",
                "ordering": ["-made_at"],
                "permissions": [("import_fleet", "Can bring in an existing fleet from a file")],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("state__in", ["proposed", "cancelled"]),
                            models.Q(models.Q(("confirmed_by", ""), _negated=True), ("confirmed_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="devices_import_runs_only_when_confirmed",
                    )
                ],
            },
        ),
    ]
