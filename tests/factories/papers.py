"""One paper of each kind that carries its proof, as its holder gets it; asked for again, it is the same paper."""

import io
import json
import zipfile
from collections.abc import Callable
from datetime import UTC, date, datetime

from django.test import Client
from django.urls import reverse

from consents import receipts
from privacy.campaigns import actions as campaigns
from privacy.campaigns import letters
from privacy.disclosures import notice_texts
from privacy.disclosures.models import Notice
from privacy.jobs.dispatcher import dispatch_due
from privacy.ledger.exports import document_issuance
from privacy.ledger.exports.review_sheet import issue_review_sheet
from privacy.ledger.models import Review
from privacy.retention.certificates.partial_destruction_form import issue_partial_form
from privacy.retention.models import Certificate
from privacy.rights import actions as rights
from privacy.rights import status_page
from privacy.rights.actions import RequestedRight
from privacy.rights.models import Package
from privacy.workforce import actions as workforce
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.retention import test_register

type Paper = Callable[[datetime], bytes]


def papers() -> dict[str, Paper]:
    """Return what hands out a paper of each kind at a moment."""
    return {
        "destruction-certificate": _certificate(),
        "consent-receipt": receipt(),
        "pledge": pledge(),
        "access-package-manifest": _manifest(),
        "answer-letter": _answer(),
        "recipient-notice": _notice(),
        "notice-letters": _letters(),
        "review-sheet": review_sheet(),
        "management-plan": _plan(),
        "partial-destruction": _partial(),
    }


def _partial() -> Paper:
    paper = test_register.record(**test_register.DISK, of_part=test_register.ERASED)
    return lambda at: issue_partial_form(paper, language="ko", actor=factory.make_odile(), at=at)


def _plan() -> Paper:
    """A version of the management plan, from its page in the console."""
    address = reverse("admin:safeguards_plan_paper", args=[factory.make_approved_plan().pk])
    browser = Client()
    browser.force_login(factory.make_odile())
    return lambda at: browser.get(address).content


def _certificate() -> Paper:
    factory.make_expired_device(7, ended_on=date(2024, 5, 15))
    factory.carry_out_all(factory.sweep_on(date(2026, 5, 16)))
    certificate = Certificate.objects.get()
    address = reverse("admin:retention_certificate_file", args=[certificate.pk, "ko"])
    browser = Client()
    browser.force_login(factory.make_odile())
    return lambda at: browser.get(address).content


def receipt() -> Paper:
    """A receipt of a consent, which is a JSON document."""
    document = receipts.for_decision(factory.agree(factory.make_mina(), "activation"))
    content = json.dumps(document, ensure_ascii=False, indent=2).encode()
    return lambda at: document_issuance.issue(
        content, kind="consent-receipt", number=document["record_id"], actor=factory.make_odile(), at=at
    )


def pledge() -> Paper:
    """A pledge of a person who works here."""
    signed = factory.make_odile().pledges.first()
    assert signed is not None
    return lambda at: workforce.print_pledge(signed, language="ko", actor=signed.user, at=at)


def _manifest() -> Paper:
    """The one inside a package, which is made once: its holder adds the proof where papers are checked."""
    factory.make_device(9)
    right = factory.make_granted(factory.ask(RequestedRight("access"), target=factory.imei(9), answer_by="portal"))
    rights.carry_out(right, actor=factory.make_officer(), at=NOON)
    package = Package.objects.get()
    code = factory.pickup_code(package, at=NOON)
    whole = b"".join(rights.download(package, code=code, at=NOON))
    manifest = zipfile.ZipFile(io.BytesIO(whole)).read("manifest-proof.json")
    return lambda at: document_issuance.with_proof(manifest)


def _answer() -> Paper:
    factory.make_device(8)
    letter = factory.make_verified(factory.ask(target=factory.imei(8))).letters.get()
    return lambda at: status_page.letter_pdf(letter, language="en", actor=factory.make_odile(), at=at)


def _notice() -> Paper:
    device = factory.make_device(1)
    party = factory.make_third_party(
        "paper", channel="letter", postal_address="서울시 중구 세종대로 1", mailbox="", language="ko"
    )
    factory.make_provided(device, "imei", third_party=party)
    rights.carry_out(
        factory.make_granted(factory.ask_correction(answer_by="portal")), actor=factory.make_officer(), at=NOON
    )
    notice = Notice.objects.get(third_party=party)
    return lambda at: notice_texts.letter_pdf(notice, (), actor=factory.make_officer(), at=at)


def _letters() -> Paper:
    person = factory.make_mina()
    campaign = campaigns.notify_of_version(factory.make_policy(), actor=factory.make_odile(), at=NOON)
    with mailbox():
        dispatch_due(at=NOON)
        dispatch_due(at=NOON)
    factory.make_contact(person, kind="address", value="서울시 강남구 1-1 홍길동")
    return lambda at: letters.print_letters(campaign, reason="told by letter", actor=factory.make_odile(), at=at)


def review_sheet() -> Paper:
    """The sheet of a review, which nobody has signed yet."""
    review = Review.objects.create(
        period_from=date(2026, 10, 1), period_until=date(2026, 10, 31), start_index=0, end_index=0,
        due_on=date(2026, 11, 30), opened_at=datetime(2026, 11, 1, tzinfo=UTC),
    )  # fmt: skip
    return lambda at: issue_review_sheet(review, language="en", actor=factory.make_odile(), at=at)
