"""What django-auditlog sees becomes an entry by itself: field names, codes, and no readable value."""

import json

import pytest
from auditlog.registry import auditlog
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction

from privacy.ledger import request_context
from privacy.ledger.actors import ExternalActor
from privacy.ledger.entries.change_masking import MASK, mask_changes, mask_value
from privacy.ledger.models import Entry, FieldChange
from tests.base import PortalTestCase
from tests.own_writes import as_the_portal


@pytest.mark.clause("P8.3")
class CaptureTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        auditlog.register(Group, m2m_fields={"permissions"})
        self.addCleanup(auditlog.unregister, Group)

    def captured(self, group_id: int) -> list[dict[str, object]]:
        entries = Entry.objects.filter(kind="change", about=f"auth.group:{group_id}").order_by("id")
        return [json.loads(entry.payload) for entry in entries]

    @pytest.mark.asvs("16.2.5")
    def test_create_update_delete_are_captured_with_masked_values(self) -> None:
        group = Group.objects.create(name="auditors of Mina Kim")
        key = group.pk
        group.name = "others"
        group.save()
        group.delete()
        captured = self.captured(key)
        assert [said["task"] for said in captured] == ["create", "update", "delete"]
        assert captured[1]["facts"] == {"name": [MASK, MASK]}
        assert "Mina" not in json.dumps(captured)

    def test_many_to_many_changes_are_captured_by_ids(self) -> None:
        group = Group.objects.create(name="g")
        permission = Permission.objects.first()
        assert permission is not None
        group.permissions.add(permission)
        assert self.captured(group.pk)[-1]["facts"] == {"permissions": ["add", [str(permission.pk)]]}

    @pytest.mark.asvs("16.2.1")
    def test_actor_address_and_request_come_from_our_own_context(self) -> None:
        with request_context.override(
            actor=ExternalActor("user", "U-1"), address="203.0.113.9", request_id="r-1", door="office"
        ):
            group = Group.objects.create(name="g")
        (said,) = self.captured(group.pk)
        assert (said["by"], said["actor"], said["from"], said["request"]) == ("user", "U-1", "203.0.113.9", "r-1")

    def test_outside_every_door_the_program_itself_is_the_actor(self) -> None:
        group = Group.objects.create(name="g")
        (said,) = self.captured(group.pk)
        assert str(said["actor"]).startswith("system:")

    def test_a_change_that_is_rolled_back_leaves_nothing(self) -> None:
        with pytest.raises(ZeroDivisionError), transaction.atomic():
            group = Group.objects.create(name="g")
            raise ZeroDivisionError
        assert self.captured(group.pk) == []

    def test_the_capture_table_keeps_no_row(self) -> None:
        Group.objects.create(name="g")
        assert FieldChange.objects.count() == 0

    def test_a_very_long_correlation_header_can_not_break_the_record(self) -> None:
        with request_context.override(request_id="x" * 300):
            group = Group.objects.create(name="g")
        assert len(self.captured(group.pk)) == 1

    def test_a_row_written_past_python_is_an_entry_too(self) -> None:
        with as_the_portal(), connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO ledger.field_change (id, object_repr, action, additional_data)"
                """ VALUES (gen_random_uuid(), 'auth.group:0', 1, '{"by": "system", "actor": "system:psql"}')"""
            )
        assert self.captured(0)[0]["actor"] == "system:psql"


def test_a_mask_tells_neither_length_nor_part() -> None:
    assert mask_value("010-1234-5678") == mask_value("x") == MASK
    assert mask_value("") == mask_value("None") == ""


def test_codes_numbers_and_ids_are_told_as_they_are() -> None:
    assert mask_changes(
        Permission, {"codename": ["a", "b"], "content_type": ["1", "2"], "id": [None, 7], "group": ["x", "y"]}
    ) == {
        "codename": [MASK, MASK],
        "content_type": ["1", "2"],
        "id": [None, 7],
    }
