"""What is hashed, sealed or written down for good has a known answer: a renamed attribute or key would change it.

The answers were computed when these formats were fixed (decision 0087). A failing one means that what was approved,
sealed or put on record before no longer matches: give the old name back as a string where the digest is made.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import pytest

from consents.actions.agreements import draft_digest
from consents.models import Agreement, AgreementVersion, Decision
from consents.receipts import digest as receipt_digest
from consents.receipts import receipt
from privacy.accounts.models import User
from privacy.campaigns.models import Campaign, digest_of
from privacy.disclosures.disclosure_requests import RequestedItem, combined_digest, content_digest
from privacy.disclosures.models import Disclosure
from privacy.ledger.models import Finding, Review
from privacy.ledger.review.signed_digests import review_digest as signed_review_digest
from privacy.policies import policy_document
from privacy.policies.actions.publication import review_digest
from privacy.retention.destruction import journal
from privacy.retention.models import DestructionLine, DestructionList, DestructionRun
from privacy.retention.schedule.selection import list_digest
from privacy.safeguards.integrity import compute_seal as plan_seal
from privacy.safeguards.models import ManagementPlan
from privacy.workforce.integrity import compute_seal as pledge_seal
from privacy.workforce.models import Pledge, PledgeText
from tests import factory
from tests.base import PortalTestCase

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
DAY = date(2026, 11, 24)
ONE, TWO = UUID(int=1), UUID(int=2)
WORDS = {
    f"{part}_{language}": f"{part} {language}"
    for part in ("title", "body", "purpose", "items", "retention", "refusal", "recipient")
    for language in ("ko", "en")
}


def agreement_version() -> AgreementVersion:
    agreement = Agreement(code="app-log", kind="collection", required=False, categories=["app-log"])
    return AgreementVersion(
        agreement=agreement, number=3, item_codes=["b", "a"], purpose_codes=["error-analysis"], asks_again=True, **WORDS
    )


def disclosure() -> Disclosure:
    return Disclosure(
        third_party_id=ONE, basis="law", statute="ACT 1", document_no="D-1", agreement="provision", purpose="audit",
        purpose_code="disclosure", form="csv", period="2026", restrictions="none", terminal_number_ground="warrant",
        official="Inspector", reason="inquiry", relation="suspect", extent="all", permit_no="P-1",
        record_class="internet-log", urgent=True, document_due_on=DAY,
    )  # fmt: skip


@pytest.mark.asvs("11.4.3")
def test_an_agreements_text() -> None:
    assert agreement_version().computed_digest() == "905a5c7e27f6efaeaaaab22ba406d7502b311798f94a140bb9ffad4a8a8cb9d2"
    assert draft_digest(agreement_version()) == "f9fab64217967b9e89f8ee40e9b72db091c3c6046d29555e3203906c13de5c8b"


@pytest.mark.asvs("11.4.3")
def test_a_receipt() -> None:
    version = agreement_version()
    decision = Decision(
        reference="C-1", agreement=version.agreement, version=version, subject_id=ONE, choice="agree", language="ko",
        text_digest="ab", method="web", decided_at=AT, recorded_at=AT, actor_ref="gateway:1",
    )  # fmt: skip
    assert (
        receipt_digest(receipt(decision, subject_reference="S-1"))
        == "ed95369adec1797f5549b00c08522d5b0c7e881a57312fb9f6818ad626210f8d"
    )
    version.recipient_ko = ""  # a text that names no recipient
    assert (
        receipt_digest(receipt(decision, subject_reference="S-1"))
        == "5cefcb306f6b54588346528393c1ffaf5f01c5799ba7da3466396842ebfc379e"
    )


@pytest.mark.asvs("11.4.3")
def test_a_campaigns_text() -> None:
    assert (
        digest_of(Campaign(title_ko="가", title_en="a", text_ko="나", text_en="b"))
        == "7bcf19ee04e0dc173defece4cf84a6340bc61091e9e1d6723d6dfa125c08d828"
    )


@pytest.mark.asvs("11.4.3")
def test_what_a_disclosure_asks_for_and_what_was_approved() -> None:
    wanted = [RequestedItem(ONE, "device-registration", "imei"), RequestedItem(TWO, "app-log", "app_log", ONE)]
    content = content_digest(disclosure(), wanted)
    assert content == "db9d30710c37bb9969ed3be3064cffbf39c84af40bbb9f11ea4534afcc66a2ff"
    assert combined_digest(content, "ef") == "545c53fde79e404ac0957c68f00da0a3a00faddfa387c5a641dbd485f04cdb9f"


@pytest.mark.asvs("11.4.3")
def test_an_approved_plan() -> None:
    plan = ManagementPlan(number=2, effective_on=DAY, sections=[{"code": "purpose", "text": "x"}])
    assert plan_seal(plan) == "5787c37e0fc34132dcd1c33e8dd9d259258d8f10a613fe2a9531aa5bd2f25796"


@pytest.mark.asvs("11.4.3")
def test_a_signed_pledge() -> None:
    text = PledgeText(occasion="yearly", version=4, title_ko="가", title_en="a", words_ko="나", words_en="b")
    pledge = Pledge(
        text=text, user=User(reference="U-1"), language="ko", typed_name="Emin", way="browser", paper_digest="cd",
        signed_at=AT, signed_on=DAY, valid_until=DAY, request="r-1",
    )  # fmt: skip
    assert pledge_seal(pledge) == "aa4583ab8af2c914704dc0475d6523aeb33f50eb25c45ea3842bba5d5292a069"


def test_lines_of_the_journal_of_destructions(settings: pytest.FixtureRequest, tmp_path: Path) -> None:
    settings.DESTRUCTION_JOURNAL_DIR = tmp_path  # type: ignore[attr-defined]
    journal.append(
        at=AT, certificate="DC-1", category="app-log", cause="term", month=DAY.replace(day=1), people=[ONE],
        ends_before=DAY, epochs=[("app-log", DAY.replace(day=1))],
    )  # fmt: skip
    journal.void(1, at=AT)
    assert (tmp_path / "journal.jsonl").read_text("utf-8").splitlines() == [
        '{"at":"2026-11-24T03:00:00+00:00","category":"app-log","cause":"term","certificate":"DC-1",'
        '"ends_before":"2026-11-24","epochs":[["app-log","2026-11-01"]],"month":"2026-11-01","number":1,'
        '"people":["00000000-0000-0000-0000-000000000001"]}',
        '{"at":"2026-11-24T03:00:00+00:00","number":2,"voids":1}',
    ]


@pytest.mark.asvs("11.4.3")
class KnownInTheDatabase(PortalTestCase):
    def test_the_shipped_policy_as_published_and_as_reviewed(self) -> None:
        version = factory.the_policy()
        document = policy_document.published_document(version)
        assert (
            policy_document.document_digest(document)
            == version.seal
            == "edca81aa8238a07d5b8ae661b8025f54e287048bab3ed449ba0b14e918df6ef7"
        )
        assert (
            policy_document.content_digest(document)
            == "93143b74066e1f6d4919fd63e63340eab2b0a9b5a7fc3578cb2bdec57f675ced"
        )
        assert review_digest(version, document) == "631e05e8c83aa1966e92973d23339d37985c4bd0cb7e9ba76bd9d280f3c157fd"

    def test_a_destruction_list(self) -> None:
        run = DestructionRun.objects.create(as_of=DAY, cause="term", policy="2020-12-01", planned_at=AT, started_at=AT)
        row = DestructionList.objects.create(
            reference="DL-1", run=run, category="app-log", unit="subject", term="1 month", target_on=DAY, proposed_at=AT
        )
        DestructionLine.objects.create(list=row, subject_id=TWO, category="app-log")
        DestructionLine.objects.create(list=row, subject_id=ONE, category="app-log")
        assert list_digest(row) == "5ede006beb827857838dc50ba7f543cf0f43934ad3dc0a07f53ebeddaa2eea2e"

    def test_a_signed_review_of_access_records(self) -> None:
        review = Review.objects.create(
            reference="AR-1", period_from=DAY, period_until=DAY, due_on=DAY, opened_at=AT, start_index=1, end_index=2,
            root="00", counted={"reads": 1}, sample=[1], checked="sound", reviewer="U-2", conclusion="fine",
            state="signed", signed_at=AT,
        )  # fmt: skip
        Finding.objects.create(
            id=ONE, review=review, rule="bulk", account="U-1", count=3, first_at=AT, last_at=AT, entries=[1],
            facts={"subjects": 3}, raised_at=AT, explanation="asked", measure="none", explained_by="U-2",
            explained_at=AT,
        )  # fmt: skip
        assert signed_review_digest(review) == "559bb1bb3cb2891e9f823cbccb8f3b9d390af2569822e5160b757ab3834969d1"
