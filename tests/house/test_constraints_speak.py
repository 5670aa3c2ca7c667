"""Every constraint of the databases has its sentence and its field: no name of one reaches a person."""

import re

import pytest
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, connections, models, router, transaction
from django.urls import reverse
from django.utils.translation import override

from config import constraint_messages as of_the_portal
from config.notice_constraint_messages import NOTICE_CONSTRAINT_MESSAGES
from config.system_constraint_messages import SYSTEM_CONSTRAINT_MESSAGES
from privacy.lib.errors import constraint_messages
from privacy.retention.models import PaperDestruction
from privacy.safeguards.models import ManagementPlan
from tests import factory
from tests.base import PortalTestCase

CONSTRAINT_MESSAGES = of_the_portal.CONSTRAINT_MESSAGES | SYSTEM_CONSTRAINT_MESSAGES | NOTICE_CONSTRAINT_MESSAGES

OURS = ("privacy.", "consents", "devices")


def declared() -> dict[str, type[models.Model]]:
    return {
        constraint.name: model
        for model in apps.get_models()
        if model.__module__.startswith(OURS)
        for constraint in model._meta.constraints
    }


@pytest.mark.asvs("2.1.2")
@pytest.mark.truth("constraint-names")
def test_every_constraint_has_its_sentence_and_its_field() -> None:
    found = declared()
    assert len(found) > 150
    assert sorted(found.keys() - CONSTRAINT_MESSAGES.keys()) == [], (
        "say in config/constraint_messages.py what it means to a person"
    )
    assert sorted(CONSTRAINT_MESSAGES.keys() - found.keys()) == [], "there is no such constraint any more"
    for name, (said, field) in CONSTRAINT_MESSAGES.items():
        if field:
            found[name]._meta.get_field(field)
        for language in ("en", "ko"):
            with override(language):
                assert name not in str(said)
                assert (language == "ko") == bool(re.search("[가-힣]", str(said))), said


@pytest.mark.truth("constraint-names")
class SpokenTests(PortalTestCase):
    @pytest.mark.asvs("2.2.3")
    def test_each_holds_in_its_database_for_every_row(self) -> None:
        """Whatever form, API or program sends what doesn't fit together."""
        held: dict[str, set[str]] = {}
        for alias in settings.DATABASES:
            with connections[alias].cursor() as cursor:
                cursor.execute(
                    "SELECT conname FROM pg_constraint WHERE convalidated "
                    "UNION SELECT relname FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid "
                    "WHERE indisunique AND indisvalid"
                )
                held[alias] = {name for (name,) in cursor.fetchall()}
        found = declared()
        assert [name for name, model in found.items() if name not in held[router.db_for_write(model)]] == []
        for told in ("devices_licence_ends_after_it_starts", "rights_representative_proves_authority"):
            assert told in found

    def test_a_form_says_the_sentence_at_its_field(self) -> None:
        with override("en"):
            paper = PaperDestruction(
                medium="paper", method="degauss", amount=1, executor="A", witness="A", contents="x", amount_unit="box",
                place="x", reason="x",
            )  # fmt: skip
            with pytest.raises(ValidationError) as broken:
                paper.validate_constraints()
            told = broken.value.message_dict
        assert told["method"] == ["Paper is shredded, incinerated or masked."]
        assert "omeone other" in told["witness"][0]

    def test_a_verb_that_runs_into_a_constraint_says_the_sentence(self) -> None:
        plan = factory.make_approved_plan()
        with pytest.raises(IntegrityError) as broken, transaction.atomic():
            ManagementPlan.objects.filter(pk=plan.pk).update(approved_by=plan.drafted_by)
        with override("en"):
            refusal = constraint_messages.as_refusal(broken.value)
            assert str(refusal) == "Someone other than the person who started this must complete it."
        assert refusal.pointer == "/approved_by"

    def test_a_page_shows_no_name_of_a_constraint(self) -> None:
        self.client.force_login(factory.make_hana())
        typed = {
            "medium": "paper", "contents": "forms", "amount": "3", "amount_unit": "box", "method": "shred",
            "place": "Seoul", "destroyed_on": "2026-11-20", "reason": "over", "executor": "A", "witness": "A",
        }  # fmt: skip
        page = self.client.post(reverse("admin:retention_paperdestruction_add"), typed).content.decode()
        assert "retention_paper_witnessed_by_another" not in page
        assert not PaperDestruction.objects.exists()
