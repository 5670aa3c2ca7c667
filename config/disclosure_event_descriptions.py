"""The words of third parties, disclosures, notices and proofs as people say them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

DISCLOSURE_EVENT_DESCRIPTIONS: dict[str, Promise | str] = {
    "disclosures.third-party.registered": gettext_lazy("Recipient registered"),
    "disclosures.third-party.changed": gettext_lazy("Recipient changed"),
    "disclosures.third-party.retired": gettext_lazy("Recipient retired"),
    "disclosures.disclosure.requested": gettext_lazy("Disclosure requested"),
    "disclosures.disclosure.approved": gettext_lazy("Disclosure approved"),
    "disclosures.disclosure.refused": gettext_lazy("Disclosure refused"),
    "disclosures.disclosure.provided": gettext_lazy("Information provided to the third party"),
    "disclosures.scan.attached": gettext_lazy("Scan of the document attached"),
    "disclosures.scan.removed": gettext_lazy("Scan of the document destroyed"),
    "disclosures.file.fetched": gettext_lazy("Disclosure file downloaded again"),
    "disclosures.webhook-key.shown": gettext_lazy("Webhook key shown"),
    "disclosures.passphrase.shown": gettext_lazy("File passphrase shown"),
    "disclosures.provisions.reported": gettext_lazy("Report on provisions to agencies recorded"),
    "disclosures.register.exported": gettext_lazy("Register of disclosures exported"),
    "disclosures.notice.queued": gettext_lazy("Correction notice queued"),
    "disclosures.notice.sent": gettext_lazy("Correction notice sent"),
    "disclosures.notice.bounced": gettext_lazy("Notice returned undelivered"),
    "disclosures.notice.parked": gettext_lazy("Correction notice stuck"),
    "disclosures.notice.resent": gettext_lazy("Correction notice sent again"),
    "disclosures.notice.acknowledged": gettext_lazy("Recipient says that it received the notice"),
    "disclosures.proof.queued": gettext_lazy("Recipient to be asked for its proof"),
    "disclosures.proof.asked": gettext_lazy("Recipient asked to prove a correction"),
    "disclosures.proof.reminded": gettext_lazy("Recipient reminded of its proof"),
    "disclosures.proof.answered": gettext_lazy("Recipient answered that it does not hold or can't correct the data"),
    "disclosures.proof.proven": gettext_lazy("Recipient proved the correction"),
    "disclosures.proof.contradicted": gettext_lazy("Recipient's answer does not match the correction"),
    "disclosures.proof.escalated": gettext_lazy("Recipient to be followed up by the office"),
    "disclosures.proof.superseded": gettext_lazy("Recipient's proof ended by a later notice"),
    "disclosures.proof.settled": gettext_lazy("Recipient's proof stated as settled otherwise"),
    "disclosures.settlement.confirmed": gettext_lazy("Settlement of a recipient's proof confirmed"),
    "disclosures.settlement.refused": gettext_lazy("Settlement of a recipient's proof sent back"),
    "disclosures.evidence.shown": gettext_lazy("Evidence of a recipient's correction opened"),
}
