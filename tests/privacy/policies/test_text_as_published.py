"""The officer attaches the policy as it was published: its page then shows that text, word for word."""

import hashlib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from privacy.ledger.authorization import NotPermitted
from privacy.policies import actions as policies
from privacy.policies import drift
from privacy.policies.models import PublishedText
from tests import factory
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import NOON

TEXT = (Path(__file__).parent / "published.2020-12-01.en.txt").read_text(encoding="utf-8")
SOURCE = "https://www.extrus.example/privacy, 1 December 2020"


def attach(text: str = TEXT, language: str = "en", at: datetime = NOON) -> PublishedText:
    return policies.attach_text(
        factory.the_policy(),
        language=language,
        text=text,
        source=SOURCE,
        actor=factory.make_odile(granted=False),
        at=at,
    )


@pytest.mark.truth("8")
class TextAsPublishedTest(PortalTestCase):
    def page(self, address: str) -> str:
        response = self.client.get(address, secure=True)
        assert response.status_code == 200
        return response.content.decode()

    def test_the_page_shows_it_word_for_word_with_the_tables_beside_it(self) -> None:
        attached = attach("First & second line\nthird <line>\n")
        page = self.page("/en/policy/")
        assert "First &amp; second line<br>third &lt;line&gt;" in page
        assert SOURCE in page
        assert attached.digest[:32] in page
        assert "The portal's wording" not in page
        assert "strive to comply" not in page  # the restatement's prose is gone, its tables stand
        assert "2 years from the expiry of the licence" in page
        assert "정경수" in page
        for other in ("/policy/", "/policy/2020-12-01/"):
            korean = self.page(other)
            assert "포털에서 정리한 문안입니다" in korean
            assert "/published/en/" in korean

    def test_its_digest_and_who_attached_it_from_where_are_on_record(self) -> None:
        attached = attach()
        assert attached.digest == hashlib.sha256(TEXT.encode()).hexdigest()
        assert attached.attached_by == factory.make_odile(granted=False).ref
        entry = self.assertLedgered("policies.text.attached", attached)
        assert attached.digest in entry.payload
        assert SOURCE in entry.payload
        answer = self.client.get("/policy/2020-12-01/published/en/", secure=True)
        assert hashlib.sha256(answer.content).hexdigest() == attached.digest
        assert self.client.get("/policy/2020-12-01/published/ko/", secure=True).status_code == 404

    def test_a_better_copy_takes_its_place_and_the_earlier_one_stays(self) -> None:
        attach("wrong copy")
        attach("right copy", at=datetime(2026, 11, 25, 3, 0, tzinfo=UTC))
        page = self.page("/en/policy/")
        assert "right copy" in page
        assert "wrong copy" not in page
        assert PublishedText.objects.count() == 2
        with pytest.raises(policies.InvalidPublishedText):
            attach("right copy")

    def test_only_a_version_from_before_the_portal_takes_one(self) -> None:
        version = factory.make_policy()
        odile = factory.make_odile(granted=False)
        with pytest.raises(policies.InvalidPublishedText):
            policies.attach_text(version, language="en", text="x", source="y", actor=odile, at=NOON)
        with pytest.raises(NotPermitted):
            policies.attach_text(
                factory.the_policy(), language="en", text="x", source="y", actor=factory.make_hana(), at=NOON
            )
        for text, source in (("  ", "y"), ("x", " "), ("a\0b", "y")):
            with pytest.raises(policies.InvalidPublishedText):
                policies.attach_text(
                    factory.the_policy(), language="en", text=text, source=source, actor=odile, at=NOON
                )

    def test_nobody_changes_or_removes_it(self) -> None:
        attached = PublishedText.objects.filter(pk=attach().pk)
        with pytest.raises(IntegrityError, match="final"), transaction.atomic():
            attached.update(text="other")
        with pytest.raises(IntegrityError, match="final"), transaction.atomic():
            attached._raw_delete(attached.db)

    def test_the_officer_pastes_it_or_gives_a_file(self) -> None:
        client = Client()
        client.force_login(factory.make_odile(granted=False))
        add = reverse("admin:policies_publishedtext_add")
        given = {"version": str(factory.the_policy().pk), "source": SOURCE}
        file = SimpleUploadedFile("policy.txt", "첫째 줄\r\n둘째 줄\r\n".encode())
        assert client.post(add, given | {"language": "ko", "file": file}, secure=True).status_code == 302
        kept = PublishedText.objects.get()
        assert (kept.text, kept.file_name) == ("첫째 줄\r\n둘째 줄\r\n", "policy.txt")
        assert client.post(add, given | {"language": "en", "text": " One\r\nTwo"}, secure=True).status_code == 302
        assert PublishedText.objects.get(language="en").text == " One\nTwo"
        for refused in ({"text": ""}, {"file": SimpleUploadedFile("policy.txt", b"\xff\xfe\x00")}):
            assert client.post(add, given | {"language": "en"} | refused, secure=True).status_code == 200
        assert PublishedText.objects.count() == 2
        shown = client.get(reverse("admin:policies_publishedtext_change", args=[kept.pk]), secure=True)
        assert kept.digest in shown.content.decode()


@pytest.mark.truth("8")
def test_a_text_that_was_altered_since_is_not_shown_as_the_published_one(portal_database: PortalDatabase) -> None:
    attach()
    with portal_database.connect() as superuser:
        superuser.execute("SET session_replication_role = replica")
        superuser.execute(
            "UPDATE policies_publishedtext SET text = 'x', digest = encode(sha256(convert_to('x', 'UTF8')), 'hex')"
        )
    assert [found.code for found in drift.find_drifts(NOON.date())] == ["published-text"]
    page = Client().get("/en/policy/", secure=True).content.decode()
    assert "This is not the text that was recorded" in page
