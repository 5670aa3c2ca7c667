"""Templates: what the law has messages say stays, another person approves, and what was sent keeps its words."""

import re
from dataclasses import replace

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.lib.dates import clock
from privacy.lib.identifiers.ids import new_id
from privacy.policies import actions as policies
from privacy.policies import message_templates
from privacy.policies.actions.publication import ChangedSinceRead
from privacy.policies.message_templates import InvalidTemplate
from privacy.policies.models import MessageTemplate
from privacy.rights.models import Letter
from tests import factory
from tests.base import PortalTestCase

BREACH, REFUSAL, ACCEPTED = "incidents.breach", "rights.refusal", "rights.accepted"


class TemplateCase(PortalTestCase):
    def setUp(self) -> None:
        self.now = clock.now()
        self.odile, self.omar = factory.make_odile(granted=False), factory.make_omar()

    def draft(self, code: str = ACCEPTED, **changed: str) -> MessageTemplate:
        return factory.make_template(code, actor=self.odile, at=self.now, **changed)

    def submitted(self, code: str = ACCEPTED, **changed: str) -> MessageTemplate:
        return policies.submit_template(self.draft(code, **changed), actor=self.odile, at=self.now)

    def approve(self, version: MessageTemplate, *, actor: User | None = None, read: str = "") -> MessageTemplate:
        actor = actor or self.omar
        return policies.approve_template(version, read=read or version.digest, actor=actor, at=self.now)


@pytest.mark.clause("P0.3")
class WordsTests(TemplateCase):
    def test_what_ships_is_fit_to_be_sent_and_previewed_in_both_languages(self) -> None:
        assert len(message_templates.kinds()) > 20
        for kind in message_templates.kinds():
            message_templates.validate(kind, kind.shipped())
            told = {lang: message_templates.preview(kind, kind.shipped(), lang) for lang in ("ko", "en")}
            assert told["ko"] != told["en"]
            assert not any("{" in text for parts in told.values() for _label, text in parts)
            # Numbers in a preview have the form of real ones.
            assert not re.search(r"\b[A-Z]{1,3}\d?-(?:[0-9A-Z]{8}|\d{4}-\d{4})\b", str(told)), told
            # Each placeholder has a meaning in Korean of its own.
            for one in kind.placeholders.values():
                with override("ko"):
                    korean = str(one.meaning)
                with override("en"):
                    assert korean != str(one.meaning)

    def test_a_mandatory_content_is_not_removed_and_the_refusal_names_the_article(self) -> None:
        for code, part, name, law in (
            (BREACH, "text", "legal_rights", "PIPA art. 34(1)6"),
            (BREACH, "text", "course", "PIPA art. 34(1)2"),
            (REFUSAL, "closing", "objection", "Decree arts. 41(5)"),
            ("campaigns.use", "text", "recipients", "Decree art. 15-3(3)2"),
            ("consents.advertising-result", "text", "sender", "Network Act art. 50(7)"),
            ("consents.advertising-confirmation", "text", "page", "Network Act art. 50(8)"),
            ("consents.destruction-planned", "text", "fate", "PIPA art. 37(3)"),
            ("consents.destruction-stopped-others", "text", "others", "PIPA art. 37(3)"),
            ("consents.representative-question-mail", "text", "texts", "PIPA arts. 15(2)·22-2(1)"),
            ("retention.destruction-held", "text", "fate", "PIPA arts. 21(3)·36(2)"),
        ):
            text = message_templates.in_force(code).texts["en"][part].replace(f"{{{name}}}", "")
            with override("en"), pytest.raises(InvalidTemplate, match="back into the text") as refused:
                self.draft(code, **{f"{part}_en": text})
            assert law in str(refused.value)
            assert refused.value.pointer == f"/{part}_en"
        assert not MessageTemplate.objects.exists()

    @pytest.mark.asvs("1.3.7", "1.3.10")
    def test_nothing_but_plain_text_and_known_placeholders_is_a_template(self) -> None:
        for text in (
            "{settings}", "{number.__class__}", "{{ number }}", "{% load x %}", "{0}", "{number!r}", "{Number}",
            "a }", "a { b", "", "  ", "x" * 2_000, "a\x00b", "a\u202eb", "a\tb",
        ):  # fmt: skip
            with pytest.raises(InvalidTemplate) as refused:
                self.draft(opening_ko=text)
            assert refused.value.pointer == "/opening_ko", text
        with pytest.raises(InvalidTemplate):
            self.draft(title_en="Two\nBcc: lines")
        # A value with braces is no placeholder, and a heading is one line whatever its values are.
        wording = message_templates.in_force(REFUSAL)
        values = message_templates.examples(wording.kind, "en") | {"title": "{number}\nX", "objection": "{agencies}"}
        assert wording.fill("title", values, language="en") == "{number} X"
        assert "{agencies}\n\n" in wording.fill("closing", values, language="en")

    def test_what_must_be_there_shares_no_paragraph_with_what_may_go(self) -> None:
        text = "{announcement}\n\nNew: {version_page} Difference: {difference_page}"
        with override("en"), pytest.raises(InvalidTemplate, match="paragraph of its own"):
            self.draft("campaigns.policy", text_en=text)


@pytest.mark.clause("P0.3")
class VersionsTests(TemplateCase):
    def test_a_letter_is_sent_as_approved_and_keeps_its_version(self) -> None:
        before = factory.make_verified(factory.ask(at=self.now), at=self.now).letters.get(kind=Letter.Kind.ACCEPTED)
        assert before.template.startswith(f"{ACCEPTED} built-in ")
        version = self.submitted(opening_en="We work on {number}.", opening_ko="{number} 처리 중입니다.")
        assert message_templates.in_force(ACCEPTED).number is None
        self.approve(version)
        told = before.told
        again = factory.make_verified(factory.ask(at=self.now), at=self.now)
        after = again.letters.get(kind=Letter.Kind.ACCEPTED)
        assert after.template == f"{ACCEPTED} 1"
        assert after.told["en"]["opening"] == f"We work on {again.number}."
        assert after.told["ko"]["opening"] == f"{again.number} 처리 중입니다."
        assert Letter.objects.get(pk=before.pk).told == told

    def test_nobody_approves_what_they_wrote_submitted_or_did_not_read(self) -> None:
        version = self.submitted()
        with pytest.raises(policies.OwnTemplate):
            self.approve(version, actor=self.odile)
        with pytest.raises(ChangedSinceRead):
            self.approve(version, read="0" * 64)
        hana = factory.make_hana()
        policies.return_template(version, reason="shorter", actor=hana, at=self.now)
        policies.revise_template(
            version, texts=version.texts, reason="x", read=version.digest, actor=self.omar, at=self.now
        )
        version = policies.submit_template(version, actor=self.odile, at=self.now)
        with pytest.raises(policies.OwnTemplate):
            self.approve(version, actor=self.omar)
        for wrong in ("approved_by = %s", "state = 'approved', approved_at = now(), approved_by = %s"):
            with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE policies_messagetemplate SET {wrong}", [self.omar.ref])

    def test_an_author_does_not_approve_although_another_person_saved_the_draft_since(self) -> None:
        version, hana = factory.make_template(ACCEPTED, actor=self.omar, at=self.now), factory.make_hana()
        saved = {"texts": version.texts, "reason": "x", "read": version.digest, "at": self.now}
        version = policies.revise_template(version, actor=hana, **saved)
        assert set(version.authors) == {self.omar.ref, hana.ref}
        version = policies.submit_template(version, actor=self.odile, at=self.now)
        with pytest.raises(policies.OwnTemplate):
            self.approve(version)
        approved = "state = 'approved', approved_at = now(), approved_by = %(omar)s"
        for wrong, why in (
            (approved, "approved_by_a_second_person"), (f"{approved}, authors = '[]'", "drafted"),
            ("authors = '[]'", "drafted"), ("state = 'draft', authors = authors - %(omar)s", "drafted"),
        ):  # fmt: skip
            with pytest.raises(DatabaseError) as refused, transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"UPDATE policies_messagetemplate SET {wrong}", {"omar": self.omar.ref})
            assert why in f"{refused.value}{getattr(refused.value.__cause__, 'diag', None).constraint_name}"

    def test_nobody_is_named_an_author_who_neither_wrote_nor_submitted_it(self) -> None:
        """Not by SQL either: whoever was named could not approve."""
        version, hana = factory.make_template(ACCEPTED, actor=self.omar, at=self.now), factory.make_hana()
        wrong = ([self.omar.ref, hana.ref], [self.omar.ref, 7], [self.omar.ref, None], [self.omar.ref, ""])
        for state in ("draft", "review"):
            for one in wrong:
                with (
                    self.subTest(one, state=state),
                    pytest.raises(DatabaseError, match="drafted"),
                    transaction.atomic(),
                ):
                    MessageTemplate.objects.filter(pk=version.pk).update(authors=one)
            version = policies.submit_template(version, actor=self.omar, at=self.now) if state == "draft" else version
        policies.discard_template(version, actor=self.omar, at=self.now)
        row = MessageTemplate.objects.filter(pk=version.pk).values().get()
        for one in wrong:
            said = {"id": new_id(), "number": 2, "state": "draft", "authors": one}
            with self.subTest(one), pytest.raises(DatabaseError, match="drafted"), transaction.atomic():
                MessageTemplate.objects.create(**row | said)

    def test_whoever_writes_or_submits_it_is_an_author_where_the_release_before_does_not_say_so(self) -> None:
        """It works on the new tables until its host has its turn, and knows only who did so last (decision 0450)."""
        hana, aram, first = factory.make_hana(), factory.make_aram(), self.draft()
        policies.discard_template(first, actor=self.odile, at=self.now)
        row = MessageTemplate.objects.filter(pk=first.pk).values().get() | {"state": "draft", "number": 2}
        made = MessageTemplate.objects.create(**row | {"id": new_id(), "authors": []})
        rows = MessageTemplate.objects.filter(pk=made.pk)
        assert rows.get().authors == [self.odile.ref]
        for one in (self.omar, hana):
            rows.update(drafted_by=one.ref)
        rows.update(state="review", submitted_by=aram.ref, submitted_at=self.now)
        policies.return_template(rows.get(), reason="shorter", actor=self.odile, at=self.now)
        rows.update(state="review", submitted_by=self.odile.ref, submitted_at=self.now)
        assert rows.get().authors == sorted([self.odile.ref, self.omar.ref, hana.ref, aram.ref])
        with pytest.raises(policies.OwnTemplate):
            self.approve(rows.get())

    def test_who_submitted_it_does_not_approve_after_it_was_returned_and_another_submitted_it(self) -> None:
        version = policies.submit_template(self.draft(), actor=self.omar, at=self.now)
        policies.return_template(version, reason="shorter", actor=self.odile, at=self.now)
        version = policies.submit_template(version, actor=self.odile, at=self.now)
        with pytest.raises(policies.OwnTemplate):
            self.approve(version)

    def test_the_text_under_review_and_the_approved_one_are_changed_by_nobody(self) -> None:
        version = self.submitted()
        changes = (
            "UPDATE policies_messagetemplate SET texts = '{}'", "UPDATE policies_messagetemplate SET digest = 'x'",
            "DELETE FROM policies_messagetemplate",
        )  # fmt: skip
        for _state in ("review", "approved"):
            for statement in changes:
                with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
                    cursor.execute(statement)
            if version.state == MessageTemplate.State.REVIEW:
                version = self.approve(version)
        with pytest.raises(policies.TemplateNotOpen):
            policies.discard_template(version, actor=self.odile, at=self.now)

    def test_a_text_changed_behind_the_triggers_is_not_sent(self) -> None:
        version = self.approve(self.submitted(opening_en="Ours."))
        assert message_templates.in_force(ACCEPTED).texts["en"]["opening"] == "Ours."
        forged = {**version.texts, "en": {**version.texts["en"], "opening": "Forged."}}
        # Not even with a digest that fits: the one on the audit trail is another.
        version.texts, version.digest = forged, message_templates.digest_of(forged)
        assert message_templates.why_unfit(version)
        assert not message_templates.is_intact(version)

    def test_a_version_that_no_longer_fits_its_kind_is_passed_over(self) -> None:
        self.approve(self.submitted(opening_en="For {number}."))
        kind = message_templates.kind_of(ACCEPTED)
        assert kind is not None
        known = {name: one for name, one in kind.placeholders.items() if name != "number"}
        message_templates.declare(replace(kind, placeholders=known))
        self.addCleanup(message_templates.declare, kind)
        found = message_templates.in_force(ACCEPTED)
        assert (found.number, found.texts) == (None, kind.shipped())
        assert "number" in found.passed_over

    def test_one_version_is_worked_on_at_a_time_and_the_next_one_takes_over(self) -> None:
        first = self.draft(opening_en="One.")
        with pytest.raises(policies.TemplateInWork):
            self.draft()
        with pytest.raises(ChangedSinceRead):
            policies.revise_template(first, texts=first.texts, reason="x", read="", actor=self.odile, at=self.now)
        policies.submit_template(first, actor=self.odile, at=self.now)
        self.approve(first)
        self.approve(self.submitted(opening_en="Two."))
        assert message_templates.in_force(ACCEPTED).version == f"{ACCEPTED} 2"
        assert message_templates.in_force(ACCEPTED).texts["en"]["opening"] == "Two."


class PagesTests(TemplateCase):
    def test_an_officer_changes_a_text_and_another_approves_what_is_shown(self) -> None:
        browser = Client()
        browser.force_login(self.odile)
        listing = browser.get(reverse("admin:policies_messagetemplate_changelist"), secure=True)
        assert reverse("admin:policies_messagetemplate_kind", args=[REFUSAL]) in listing.content.decode()
        for kind in message_templates.kinds():
            for name in ("kind", "edit"):
                shown = browser.get(reverse(f"admin:policies_messagetemplate_{name}", args=[kind.code]), secure=True)
                assert shown.status_code == 200, kind.code
        page = browser.get(reverse("admin:policies_messagetemplate_kind", args=[REFUSAL]), secure=True)
        assert b"{objection}" in page.content
        edit = reverse("admin:policies_messagetemplate_edit", args=[REFUSAL])
        form = browser.get(edit, secure=True).context["form"]
        posted = {name: form.get_initial_for_field(field, name) or "" for name, field in form.fields.items()}
        posted |= {"reason": "plainer", "opening_en": "Our answer is below."}
        gone = browser.post(edit, posted | {"closing_en": "{agencies}"}, secure=True)
        assert gone.context["form"].errors["closing_en"]
        made = browser.post(edit, posted, secure=True)
        version = MessageTemplate.objects.get()
        assert made.headers["Location"].endswith(f"{version.pk}/change/")
        change = browser.get(made.headers["Location"], secure=True)
        assert b"Our answer is below." in change.content
        self.press(browser, version, "submit")
        other = Client()
        other.force_login(self.omar)
        shown = self.press(other, version, "approve")
        assert b"Our answer is below." in shown.content
        seen = shown.context["seen"]
        self.press(other, version, "approve", confirmed="yes", seen=seen)
        assert message_templates.in_force(REFUSAL).number == 1

    def press(self, browser: Client, version: MessageTemplate, name: str, **more: str):  # type: ignore[no-untyped-def]
        address = reverse("admin:policies_messagetemplate_change", args=[version.pk])
        chosen = {"CHANGE_FORM-action": name, "index": "0", "_selected_action": str(version.pk), **more}
        return browser.post(address, chosen, secure=True)
