import devices.models
import django.db.models.deletion
import privacy.lib.ids
import privacy.vault.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Gateway",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                (
                    "reference",
                    models.CharField(
                        default=devices.models.new_gateway_reference,
                        max_length=16,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                ("title", models.CharField(max_length=100, unique=True, verbose_name="title")),
                (
                    "rate",
                    models.PositiveIntegerField(
                        default=60000,
                        help_text="More are answered 429 with Retry-After.",
                        verbose_name="requests a minute",
                    ),
                ),
                ("created_at", models.DateTimeField(verbose_name="registered")),
                ("closed_at", models.DateTimeField(blank=True, null=True, verbose_name="closed")),
            ],
            options={
                "verbose_name": "gateway",
                "verbose_name_plural": "gateways",
                "ordering": ["title"],
                "permissions": [("keep_gateways", "Can register and close gateways and their tokens")],
                "default_permissions": ("view",),
            },
        ),
        migrations.CreateModel(
            name="Answer",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("gateway_id", models.UUIDField(verbose_name="gateway")),
                ("key", models.CharField(max_length=128, verbose_name="Idempotency-Key")),
                ("digest", models.BinaryField(max_length=32, verbose_name="SHA-256 of the request")),
                ("claimed_at", models.DateTimeField(verbose_name="claimed")),
                ("status", models.PositiveSmallIntegerField(null=True, verbose_name="status")),
                ("body", models.JSONField(null=True, verbose_name="answer")),
            ],
            options={
                "verbose_name": "remembered answer",
                "verbose_name_plural": "remembered answers",
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["claimed_at"], name="devices_answers_by_time")],
                "constraints": [
                    models.UniqueConstraint(fields=("gateway_id", "key"), name="devices_answer_once_for_a_key")
                ],
            },
        ),
        migrations.CreateModel(
            name="Batch",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("gateway_id", models.UUIDField(verbose_name="gateway")),
                ("batch", models.UUIDField(verbose_name="client's id")),
                ("digest", models.BinaryField(max_length=32, verbose_name="SHA-256 of the request")),
                ("received_at", models.DateTimeField(verbose_name="received")),
                ("stored", models.PositiveIntegerField(verbose_name="stored")),
                ("refused", models.PositiveIntegerField(verbose_name="refused")),
                ("answer", models.JSONField(verbose_name="answer")),
                ("tally", models.JSONField(null=True, verbose_name="tally")),
            ],
            options={
                "verbose_name": "batch",
                "verbose_name_plural": "batches",
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["received_at"], name="devices_batches_by_time"),
                    models.Index(
                        condition=models.Q(("tally__isnull", False)),
                        fields=["received_at"],
                        name="devices_batches_uncounted",
                    ),
                ],
                "constraints": [
                    models.UniqueConstraint(fields=("gateway_id", "batch"), name="devices_batch_answered_once")
                ],
            },
        ),
        migrations.CreateModel(
            name="Challenge",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("device_id", models.UUIDField(verbose_name="device")),
                ("case", models.CharField(max_length=40, verbose_name="for")),
                ("shown", models.CharField(max_length=12, verbose_name="code shown")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("waiting", "waiting for the device"),
                            ("confirmed", "confirmed on the device"),
                            ("denied", "denied on the device"),
                        ],
                        default="waiting",
                        max_length=10,
                        verbose_name="state",
                    ),
                ),
                ("asked_at", models.DateTimeField(verbose_name="asked")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("answered_at", models.DateTimeField(blank=True, null=True, verbose_name="answered")),
                ("answered_by", models.CharField(blank=True, max_length=80, verbose_name="answered through")),
            ],
            options={
                "verbose_name": "possession challenge",
                "verbose_name_plural": "possession challenges",
                "ordering": ["-asked_at"],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["device_id", "-asked_at"], name="devices_challenges_of_device")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("state", "waiting")),
                        fields=("device_id", "case"),
                        name="devices_one_challenge_open_for_a_case",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("answered_at__isnull", True), ("state", "waiting")),
                            models.Q(models.Q(("state", "waiting"), _negated=True), ("answered_at__isnull", False)),
                            _connector="OR",
                        ),
                        name="devices_challenge_answered_at_a_time",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Device",
            fields=[
                ("id", models.UUIDField(editable=False, primary_key=True, serialize=False)),
                ("subject_id", models.UUIDField(unique=True, verbose_name="data subject")),
                (
                    "reference",
                    models.CharField(
                        default=devices.models.new_device_reference,
                        max_length=16,
                        unique=True,
                        verbose_name="reference",
                    ),
                ),
                ("gateway_id", models.UUIDField(verbose_name="gateway")),
                ("imei", privacy.vault.fields.SealedTextField(index="imei", item="imei", null=True)),
                (
                    "serial_number",
                    privacy.vault.fields.SealedTextField(index="serial_number", item="serial_number", null=True),
                ),
                ("adb_number", privacy.vault.fields.SealedTextField(index="adb_number", item="adb_number", null=True)),
                ("model", privacy.vault.fields.SealedTextField(item="model", null=True)),
                ("model_description", privacy.vault.fields.SealedTextField(item="model_description", null=True)),
                ("os_version", privacy.vault.fields.SealedTextField(item="os_version", null=True)),
                ("os_build", privacy.vault.fields.SealedTextField(item="os_build", null=True)),
                ("time_zone", privacy.vault.fields.SealedTextField(item="time_zone", null=True)),
                ("registered_at", models.DateTimeField(verbose_name="registered")),
                ("updated_at", models.DateTimeField(verbose_name="last changed")),
                ("service_ended_on", models.DateField(blank=True, null=True, verbose_name="service ended")),
                ("imei_index", privacy.vault.fields.BlindIndexField(db_index=True, null=True)),
                ("serial_number_index", privacy.vault.fields.BlindIndexField(db_index=True, null=True)),
                ("adb_number_index", privacy.vault.fields.BlindIndexField(db_index=True, null=True)),
            ],
            options={
                "verbose_name": "device",
                "verbose_name_plural": "devices",
                "ordering": ["-registered_at", "-id"],
                "permissions": [("unmask_device", "Can show a device's identifiers, with a reason")],
                "default_permissions": ("view",),
                "indexes": [
                    models.Index(fields=["-registered_at", "-id"], name="devices_by_registration"),
                    models.Index(fields=["gateway_id", "id"], name="devices_of_gateway"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("subject_id", models.F("id"))), name="devices_device_is_its_own_subject"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("imei__isnull", False),
                            ("serial_number__isnull", False),
                            ("adb_number__isnull", False),
                            _connector="OR",
                        ),
                        name="devices_device_has_an_identifier",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GatewayToken",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("digest", models.BinaryField(max_length=32, unique=True, verbose_name="SHA-256 of the token")),
                ("hint", models.CharField(max_length=12, verbose_name="begins with")),
                ("scopes", models.JSONField(default=list, verbose_name="scopes")),
                ("issued_at", models.DateTimeField(verbose_name="issued")),
                ("issued_by", models.CharField(max_length=80, verbose_name="issued by")),
                ("expires_at", models.DateTimeField(verbose_name="expires")),
                ("revoked_at", models.DateTimeField(blank=True, null=True, verbose_name="revoked")),
                ("revoked_by", models.CharField(blank=True, max_length=80, verbose_name="revoked by")),
                (
                    "gateway",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="tokens",
                        to="devices.gateway",
                        verbose_name="gateway",
                    ),
                ),
            ],
            options={
                "verbose_name": "gateway token",
                "verbose_name_plural": "gateway tokens",
                "ordering": ["-issued_at"],
                "default_permissions": ("view",),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("expires_at__gt", models.F("issued_at"))), name="devices_token_expires"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("revoked_at__isnull", True), ("revoked_by", "")),
                            models.Q(("revoked_at__isnull", False), models.Q(("revoked_by", ""), _negated=True)),
                            _connector="OR",
                        ),
                        name="devices_token_revoked_by_somebody",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="Licence",
            fields=[
                (
                    "id",
                    models.UUIDField(default=privacy.lib.ids.new_id, editable=False, primary_key=True, serialize=False),
                ),
                ("key", privacy.vault.fields.SealedTextField(index="licence_key", item="licence_key")),
                ("starts_on", models.DateField(verbose_name="starts")),
                ("ends_on", models.DateField(verbose_name="ends")),
                ("recorded_at", models.DateTimeField(verbose_name="recorded")),
                ("updated_at", models.DateTimeField(verbose_name="last changed")),
                ("key_index", privacy.vault.fields.BlindIndexField(db_index=True, null=True)),
                (
                    "device",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="licences",
                        to="devices.device",
                        verbose_name="device",
                    ),
                ),
            ],
            options={
                "verbose_name": "licence",
                "verbose_name_plural": "licences",
                "ordering": ["-ends_on"],
                "default_permissions": ("view",),
                "indexes": [models.Index(fields=["ends_on", "device"], name="devices_licences_by_end")],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("device", "key_index"), name="devices_licence_once_for_each_device"
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("ends_on__gte", models.F("starts_on"))),
                        name="devices_licence_ends_after_it_starts",
                    ),
                ],
            },
        ),
    ]
