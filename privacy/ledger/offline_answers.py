"""What ``verify.py`` and the files beside it answer, and what each answer means: the page that explains it reads this.

Messages stand here as the programs print them, with … for what differs; a test compares them with the programs.
"""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from privacy.ledger.verify import ALTERED, MALFORMED, POLICY, SOUND


@dataclass(frozen=True)
class Answer:
    """One sort of answer: exit code, first word, the messages that belong to it, its meaning, and what to do."""

    code: int
    word: str
    meaning: Promise
    advice: Promise
    messages: tuple[str, ...] = ()


NOTHING = _("Nothing.")
TELL = _(
    "Keep the file and the answer as they are. Don't ask the portal whether all is well: tell the data protection "
    "officer and, if you are not satisfied, the authorities named in the privacy policy."
)
ANSWERS = (
    Answer(
        SOUND,
        "SOUND",
        _("Everything that was checked is as it was signed: the entries, the one entry, or the paper."),
        NOTHING,
    ),
    Answer(
        SOUND,
        "LATE",
        _(
            "In addition to SOUND: these entries were sealed later than usual, because the sealer was not running or "
            "a transaction took long. They stay listed, and are not altered."
        ),
        _("Ask the office why, if there are many or if the times matter to you."),
    ),
    Answer(
        SOUND,
        "EXCEPTED",
        _(
            "In addition to SOUND: these entries state times that the notary first refused because a clock was wrong. "
            "Two officers and the notary's operator accepted them. They are listed permanently, with the reason."
        ),
        _("Ask the office what happened. The times of these entries are not proved; their content and order are."),
    ),
    Answer(
        SOUND,
        "NOT COVERED",
        _("In addition to SOUND: what the bundle can't show, such as entries that are not in it."),
        _("Ask for a bundle with the missing part, or add a checkpoint from an earlier day (--older)."),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("Something that was sealed and signed has been changed, removed, added or put in another order."),
        TELL,
        (
            "… is not what was sealed",
            "the first … entries differ from what was signed for them",
            "the leaves do not lead to the signed root",
            "tile …/… is not what its leaves say",
        ),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("The log was put back to an earlier state: more entries were signed for than are there now."),
        TELL,
        ("rolled back: … entries were signed for, … are left",),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("An entry or a checkpoint states a time that it can't have: it was dated back or ahead."),
        TELL,
        (
            "… says …, still unsealed at …",
            "… is younger than its signature: …",
            "an entry from index … on says no time",
            "the checkpoint of … entries was signed before that of …",
        ),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("A signature is false, or made with a key that was not valid for it, such as one handed over before."),
        TELL,
        (
            "the signature of … is false",
            "… entries were signed for by a key that was handed over before, or not yet",
            "the hand-over at size … is not signed by both keys",
            "a key of the notary was handed over twice",
            "an exception was signed by a key that was handed over before, or not yet",
        ),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("The proof does not match: the signed log does not have this entry at this place."),
        _("Download the proof again. If the answer stays the same, keep both files and tell the protection officer."),
        (
            "the proof leads to another root",
            "the proof is too long",
            "the proof is too short",
            "no such leaf … in a tree of …, or a hash of the wrong length",
            "no consistency from size … to …, or a hash of the wrong length",
            "the same size has another root, or a proof where none belongs",
        ),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("This is not the file that was issued: at least one byte of it was changed, added or removed."),
        _("Don't rely on it. Ask whoever gave it to you, and the office, for the original."),
        (
            "the paper was altered: it is not the … that was issued",
            "the paper has another slot than it was issued with",
            "what is in the paper's slot is not as it was written",
            "the entry in the paper is not the one by which the … was issued",
        ),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("The document is forged: it was not signed with the portal's paper key."),
        _("Don't rely on it, and tell the data protection officer who gave it to you."),
        ("the … is forged: another key than the pinned ones signed it", "the … is forged: its signature is false"),
    ),
    Answer(
        POLICY,
        "POLICY",
        _("No key that you pinned signed all of this, so it proves nothing. A forged file can give this answer too."),
        _(
            "Pin every key with --key: two of the notary, for papers also the paper key. Get them from whom you trust."
            " If the notary's key was replaced since, download the proof again, or have it added to the paper again."
        ),
        (
            "no signature by a pinned key",
            "the bundle agrees with itself, but no key was pinned: give --key",
            "the checkpoint is not signed by its own log",
            "no key of papers is pinned",
            "the checkpoint has a signature whose key is not pinned: --key or --policy",
            "…: no pinned key says when it was signed",
        ),
    ),
    Answer(
        POLICY,
        "POLICY",
        _("No time stamp shows that this checkpoint existed when it says that it was signed."),
        _(
            "Check the checkpoints of the hours before and after: the authority may have been unavailable. If many "
            "have no stamp, ask the office why."
        ),
        ("…: no time stamp stands beside it", "…: stamped later than an hour after that: …"),
    ),
    Answer(
        ALTERED,
        "ALTERED",
        _("The authority did not stamp this checkpoint, or did so before the time at which it says it was signed."),
        TELL,
        (
            "the time stamp is not the authority's for this checkpoint: …",
            "…: stamped before it says that it was signed: …",
        ),
    ),
    Answer(
        POLICY,
        "POLICY",
        _("What is there is sound, but entries that you asked for are missing, or the checkpoint is too old for you."),
        _("Ask for a newer bundle, or for all entries; or check a part with --from and --until."),
        (
            "not all that was asked for is here. Sound",
            "the checkpoint is too old, or its time is not signed",
        ),
    ),
    Answer(
        POLICY,
        "POLICY",
        _("Fewer witnesses have cosigned the checkpoint than the policy asks for."),
        _("Get a newer checkpoint. If the result is the same, ask the witnesses what they have seen."),
        ("too few witnesses cosigned the checkpoint: …",),
    ),
    Answer(
        POLICY,
        "POLICY",
        _(
            "The document has no proof: it was issued before the audit trail was signed, or someone removed the "
            "proof. Anyone can make a document with an empty slot."
        ),
        _("Get it again, or add the proof at “Check a document”."),
        (
            "the paper's slot is empty: get the paper from the portal again",
            "the … is signed, but its proof is not in it yet: get it again",
        ),
    ),
    Answer(
        MALFORMED,
        "MALFORMED",
        _("The program was called in a way that it does not understand."),
        _("Compare the call with the examples, and see that the programs are in one folder."),
        (
            "give one bundle, or proof FILE",
            "give the file that … checks",
            "this is checked by ….py, which is not beside this file",
            "not an Ed25519 verifier key; with other types call verify_vectors.py instead",
            "the policy says no quorum",
            "line … of the policy can't be read: …",
            "… is not a readable file of at most … bytes",
        ),
    ),
    Answer(
        MALFORMED,
        "MALFORMED",
        _("The file is damaged, incomplete or of another kind: nothing can be said about it."),
        _("Download it again. If the result is the same, ask whoever made it."),
        (
            "a signature line is malformed",
            "an entry bundle has the wrong length",
            "far too many files in the folder …",
            "far too many hand-overs of the notary's key",
            "half a character",
            "not a decimal number, or out of range",
            "not a hand-over of the notary's key",
            "not an exception of the notary",
            "not a tlog-proof",
            "not base64, or of the wrong length",
            "not a time stamp: …",
            "not one JSON object",
            "not the proof of an entry",
            "proof is not a list of hashes",
            "the checkpoint lacks its three lines",
            "the file has no slot with a proof: it is no paper of this kind",
            "the folder … can't be read",
            "the note has no signatures, or far too many",
            "the note is too long, is not UTF-8, or has control characters",
            "the range is no row of tiles inside the tree",
            "tile …/… has the wrong length",
            "… is not gzip",
            "… leads out of the bundle",
        ),
    ),
)
