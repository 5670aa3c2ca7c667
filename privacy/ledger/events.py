"""The words that the ledger itself puts on record. Words are never renamed: old entries keep theirs."""

from enum import StrEnum


class Event(StrEnum):
    """What happened to records in general, and to the audit trail."""

    READ = "ledger.read"  # personal data was shown, listed, exported or printed (law S-01)
    DENIED = "ledger.denied"  # somebody asked for what they may not do or see
    CHANGED = "ledger.record.changed"  # fields of a registered model, captured beside the verb's own word
    EXPORTED = "ledger.bundle.exported"
    REGISTER_EXPORTED = "ledger.register.exported"  # one of the office's registers left as a file (law S-05)
    PROOF_ISSUED = "ledger.proof.issued"
    DOCUMENT_ISSUED = "ledger.paper.issued"  # a document left the portal: known by its SHA-256 (docs/decisions/0050)
    VERIFIED = "ledger.trail.verified"
    SCRUBBED = "ledger.trail.scrubbed"
    RECOVERY_EPOCH_STARTED = "ledger.incarnation.raised"
    NOTARY_REFUSED = "ledger.notary.refused"
    REFUSAL_ACCEPTED = "ledger.refusal.accepted"  # an officer accepts the times that the notary refused
    NOTARY_EXCEPTED = "ledger.notary.excepted"  # the notary goes on from there: a note that it signed
    NOTARY_REBUILT = "ledger.notary.rebuilt"  # a notary that lost its state took it from what it had published
    KEY_HANDED_OVER = "ledger.notary.handed-over"  # from here on another key signs: a note that both keys signed
    SEALED_LATE = "ledger.batch.waited"  # entries that waited for their seal for longer than ten minutes, by the notary
    READS_ATTESTED = "ledger.reads.attested"  # a key service signed which access records it gave keys for
    READS_CONTRADICTED = "ledger.reads.contradicted"  # one of them is missing or was sealed otherwise, by the notary
    WRITES_RECONCILED = "ledger.touches.paired"
    CANARY_WRITTEN = "ledger.canary.sung"
    REVIEW_OPENED = "ledger.review.opened"
    REVIEW_SAMPLED = "ledger.review.sampled"
    FINDING_RAISED = "ledger.finding.raised"
    FINDING_ASKED = "ledger.finding.asked"  # its account holder is asked to explain it
    FINDING_ANSWERED = "ledger.finding.answered"
    FINDING_ACCEPTED = "ledger.finding.accepted"
    FINDING_EXPLAINED = "ledger.finding.explained"
    REVIEW_SIGNED = "ledger.review.signed"
    REVIEW_CONFIRMED = "ledger.review.confirmed"
    REVIEW_OVERDUE = "ledger.review.overdue"
    ROWS_STATED = "ledger.rows.stated"  # rows of protected tables that no verb's own entry named (decision 0196)
    ROWS_ANNOUNCED = "ledger.rows.announced"  # rows of another database, before they are committed (decision 0365)
    ROWS_CLOSED = "ledger.rows.closed"  # what became of them
    ROWS_CARRIED = "ledger.rows.carried"  # named anew, before the last entry about them is pruned
    REGISTERS_ADOPTED = "ledger.registers.adopted"  # every row as it stands, from here on
    ADOPTION_CONFIRMED = "ledger.adoption.confirmed"  # an officer knows of a later adoption, and why it was
    PRUNED = "ledger.entries.pruned"
