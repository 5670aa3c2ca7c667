"""The slot of a paper: where the proof of a PDF or of a JSON document goes, and what goes there (``verify_papers``).

A paper is issued with an empty slot, and its SHA-256 is that of the file as it was issued; so its proof, which exists
only after its entry was sealed and signed, can be put in later.
"""

import re
from collections.abc import Mapping
from contextlib import suppress

from privacy.ledger import verify, verify_papers
from privacy.ledger.checkpoints import newest_checkpoint
from privacy.ledger.exports import log_proofs
from privacy.ledger.merkle import log_reader
from privacy.ledger.verify_witnesses import Policy
from privacy.ledger.witness.asking import load_policy

FILE = b"proof.json"
DESCRIPTION = b"Proof of this document: python verify.py paper"
# How typst ends a PDF: the catalog, the table of the objects, the trailer.
TAIL = re.compile(
    rb"\n(?P<root>\d+) 0 obj\n<<(?P<catalog>/Type/Catalog(?:(?!endobj).)*)>>\nendobj\nxref\n[0-9nf \r\n]*"
    rb"trailer\n<</Size (?P<size>\d+)/Root (?P=root) 0 R(?P<rest>(?:(?!>>\nstartxref).)*)>>\n"
    rb"startxref\n(?P<start>\d+)\n%%EOF\s*$",
    re.DOTALL,
)


def with_slot(content: bytes) -> bytes:
    """Return a PDF with the slot as an attachment, or a JSON object with it as its last member ``paper``.

    The same content gives the same bytes. Raises ValueError for anything else.
    """
    if content.startswith(b"%PDF-"):
        return _pdf_with_slot(content)
    text = content.rstrip()
    if not text.startswith(b"{") or not text.endswith(b"\n}"):
        raise ValueError("Neither a PDF nor a JSON object over several lines.")
    return text[:-2] + b',\n  "paper": ' + verify_papers.EMPTY + b"\n}\n"


def fill(content: bytes, *, statement: Mapping[str, str], signature: str, key: str, entry_id: int) -> bytes:
    """Return a paper with its statement and signature in its slot, and with its proof where there can be one.

    One that has a proof keeps it where none can be made now.
    """
    said: dict[str, object] = {
        "paper": verify_papers.PAPER,
        "statement": dict(sorted(statement.items())),
        "signature": signature,
        "key": key,
    }
    before, filled, after = verify_papers.split(content)
    try:
        with log_reader.connect() as connection:
            proof = log_proofs.prove(connection, entry_id)
        slot = verify_papers.encode_slot({**said, "entry": proof.entry.decode(), "proof": proof.text})
    except (log_proofs.NotProvable, ValueError):
        slot = filled if has_proof(filled) else verify_papers.encode_slot(said)
    return before + slot + after


def has_proof(slot: bytes) -> bool:
    """Whether what is in a slot holds a proof, right or wrong."""
    return slot != verify_papers.EMPTY and "proof" in verify_papers.open_slot(slot)


def is_as_written(content: bytes, vkeys: list[str]) -> bool:
    """Whether what is in the slot of a paper is ours; ``vkeys`` are those of papers.

    A paper that has no proof yet is. A proof must hold by the notary's keys; no number of cosignatures is asked for.
    """
    _before, slot, _after = verify_papers.split(content)
    if slot == verify_papers.EMPTY:
        return True
    try:
        keys = [*_notary_keys(), *map(verify.parse_key, vkeys)]
        verify_papers.verify_paper(content, keys, _known_witnesses())
    except verify.Problem as problem:
        return problem.code == verify.POLICY and not has_proof(slot)
    return True


def _notary_keys() -> list[verify.Key]:
    with log_reader.connect() as connection:
        return newest_checkpoint.notary_keys(lambda query, values: connection.execute(query, values).fetchall())


def _known_witnesses() -> Policy | None:
    """Return the policy of the settings, asking for no cosignature."""
    with suppress(verify.Problem):
        policy = load_policy()
        return policy._replace(quorum="none") if policy else None
    return None


def _pdf_with_slot(content: bytes) -> bytes:
    """Append an incremental update (PDF 1.7, 7.5.6) with the slot as an embedded file: nothing of the page is touched.

    Raises ValueError for a PDF that isn't written as ours are.
    """
    end = TAIL.search(content)
    if end is None or b"/Names" in end["catalog"] or b"/AF" in end["catalog"]:
        raise ValueError("This PDF is not written as those of the portal.")
    root, slot = int(end["root"]), int(end["size"])
    spec = slot + 1
    objects = {
        root: b"<<%b/AF[%d 0 R]/Names<</EmbeddedFiles<</Names[(%b) %d 0 R]>>>>>>" % (end["catalog"], spec, FILE, spec),
        slot: b"<</Type/EmbeddedFile/Subtype/application#2Fjson/Length %d>>\nstream\n%b\nendstream"
        % (verify_papers.SLOT, verify_papers.EMPTY),
        spec: b"<</Type/Filespec/F(%b)/UF(%b)/Desc(%b)/AFRelationship/Supplement/EF<</F %d 0 R/UF %d 0 R>>>>"
        % (FILE, FILE, DESCRIPTION, slot, slot),
    }
    written, places = bytearray(content.rstrip() + b"\n"), dict[int, int]()
    for number, said in objects.items():
        places[number] = len(written)
        written += b"%d 0 obj\n%b\nendobj\n" % (number, said)
    start = len(written)
    written += b"xref\n%d 1\n%b%d 2\n" % (root, _place(places[root]), slot)
    written += _place(places[slot]) + _place(places[spec])
    written += b"trailer\n<</Size %d/Prev %d/Root %d 0 R%b>>\n" % (spec + 1, int(end["start"]), root, end["rest"])
    written += b"startxref\n%d\n%%%%EOF\n" % start
    return bytes(written)


def _place(offset: int) -> bytes:
    return b"%010d 00000 n\r\n" % offset
