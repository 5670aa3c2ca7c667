"""What the portal hands to people, for ``verify.py`` beside this file: the proof of one entry, and papers with proofs.

    python verify.py proof FILE.json --key VKEY
    python verify.py proof FILE.tlog-proof --entry FILE --key VKEY
    python verify.py paper FILE.pdf --key VKEY

A JSON file holds a C2SP tlog-proof and the entry. Where an entry also names others, it holds the entry's hash instead:
it proves that the log has an entry with this hash at this place, which the office can be asked to show.

A paper (PDF or JSON) has one slot of a fixed length with what proves it: the statement of its SHA-256, kind and number,
the signature of the portal's paper key over that, the entry that says the same, and the proof that the entry is in the
log. The SHA-256 is of the whole file with an empty slot, so no byte before, after or between can be another; in the
slot each byte is either proved or a space. Pin the paper key, and all keys whose signatures the checkpoint has.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

FORMAT = "https://privacy.extrus.example/schemas/entry-proof-1"
PAPER = "https://privacy.extrus.example/schemas/paper-1"
SLOT, MAX_PAPER = 32_768, 64 * 1_048_576  # bytes of the slot, and of the largest paper that is read
MARK = b'{"paper":"' + PAPER.encode() + b'"'
EMPTY = (MARK + b"}").ljust(SLOT)
FIELDS = ("paper", "statement", "signature", "key", "entry", "proof")
STATED = ("issued_at", "kind", "number", "sha256", "type")
TYPE, ISSUED = "extrus-privacy-portal/paper/1", "ledger.paper.issued"


def verify_proof(raw: bytes, leaf: bytes, keys: Sequence[verify.Key], policy: Any = None) -> tuple[int, Any]:
    """Check by a C2SP tlog-proof alone that a leaf is in the log; return its index and the checkpoint."""
    proof, _, note = raw.partition(b"\n\n")
    lines = [line for n, line in enumerate(proof.decode("latin-1").split("\n")) if n != 1 or line[:6] != "extra "]
    if lines[0] != "c2sp.org/tlog-proof@v1" or not 1 < len(lines) < 70 or not lines[1].startswith("index "):
        raise verify.Problem(verify.MALFORMED, "not a tlog-proof")
    index, path = verify.decode_number(lines[1][6:]), [verify.decode_base64(line, 32) for line in lines[2:]]
    head = verify.open_checkpoint(note, keys)
    verify.verify_inclusion(index, head.size, leaf, path, head.root)
    if policy:
        policy.require(note)
    return index, head


def open_json(raw: bytes) -> tuple[bytes, bytes, bytes | None]:
    """Return the tlog-proof, the leaf and, if it is shown, the entry of a JSON file."""
    said = verify.load_json(raw)
    shown = "entry" if "entry" in said else "leaf"
    if said.keys() != {"format", "proof", shown} or said["format"] != FORMAT:
        raise verify.Problem(verify.MALFORMED, "not the proof of an entry")
    if not all(isinstance(value, str) for value in said.values()):
        raise verify.Problem(verify.MALFORMED, "not the proof of an entry")
    try:
        entry = said["entry"].encode() if shown == "entry" else None
        proof = said["proof"].encode()
    except UnicodeEncodeError:
        raise verify.Problem(verify.MALFORMED, "half a character") from None
    leaf = verify.decode_base64(said["leaf"], 32) if entry is None else verify.leaf_hash(entry)
    return proof, leaf, entry


# -- Papers -------------------------------------------------------------------------------------------------------


def encode_slot(said: Mapping[str, Any]) -> bytes:
    """Return what fills a slot. Raises ValueError for more than it holds."""
    text = json.dumps({name: said[name] for name in FIELDS if name in said}, separators=(",", ":")).encode()
    if len(text) > SLOT:
        raise ValueError("The slot does not hold as much.")
    return text.ljust(SLOT)


def split(raw: bytes) -> tuple[bytes, bytes, bytes]:
    """Return what stands before the slot, the slot, and what stands after it."""
    start = raw.find(MARK)
    if start < 0:
        raise verify.Problem(verify.MALFORMED, "the file has no slot with a proof: it is no paper of this kind")
    if raw.find(MARK, start + 1) >= 0 or len(raw) < start + SLOT:
        raise verify.Problem(verify.ALTERED, "the paper has another slot than it was issued with")
    return raw[:start], raw[start : start + SLOT], raw[start + SLOT :]


def issued_bytes(raw: bytes) -> bytes:
    """Return the paper as it was issued: with an empty slot."""
    before, _slot, after = split(raw)
    return before + EMPTY + after


def open_slot(slot: bytes) -> dict[str, Any]:
    """Return what a slot says; every byte of it must be as the portal writes it."""
    try:
        said = json.loads(slot)
        if not isinstance(said, dict) or encode_slot(said) != slot or list(said["statement"]) != list(STATED):
            raise ValueError
        texts = [*said["statement"].values(), *(said[name] for name in FIELDS[2:] if name in said)]
        if len(said) not in (4, 6) or not all(isinstance(text, str) and text.isprintable() for text in texts[:7]):
            raise ValueError
        "".join(texts).encode()
        # A tlog-proof has room for a line that nothing signs.
        if "\nextra " in said.get("proof", "").partition("\n\n")[0]:
            raise ValueError
    except (ValueError, KeyError, TypeError, RecursionError):
        raise verify.Problem(verify.ALTERED, "what is in the paper's slot is not as it was written") from None
    return said


def verify_paper(raw: bytes, keys: Sequence[verify.Key], policy: Any = None) -> str:
    """Say what a paper is, or raise what is wrong with it."""
    _before, slot, _after = split(raw)
    if slot == EMPTY:
        raise verify.Problem(verify.POLICY, "the paper's slot is empty: get the paper from the portal again")
    said = open_slot(slot)
    statement, name = said["statement"], f"{said['statement']['kind']} {said['statement']['number']}"
    if statement["type"] != TYPE or statement["sha256"] != sha256(issued_bytes(raw)).hexdigest():
        raise verify.Problem(verify.ALTERED, f"the paper was altered: it is not the {name} that was issued")
    _check_signature(said, name, keys)
    if "proof" not in said:
        raise verify.Problem(verify.POLICY, f"the {name} is signed, but its proof is not in it yet: get it again")
    entry, note = said["entry"].encode(), said["proof"].encode().partition(b"\n\n")[2]
    _check_entry(entry, said, name)
    index, head = verify_proof(said["proof"].encode(), verify.leaf_hash(entry), keys, policy)
    signed = verify.open_note(note, [*verify.of_logs(keys), *_witness_keys(policy)])[1]
    if note.rpartition(b"\n\n")[2].count(b"\n") != len(signed):
        raise verify.Problem(verify.POLICY, "the checkpoint has a signature whose key is not pinned: --key or --policy")
    where = f"{verify.name_of(entry, index)} of log {head.origin}, of size {head.size}"
    return f"the {name} of {statement['issued_at']} is as it was issued, by {where}"


def _check_signature(said: Mapping[str, Any], name: str, keys: Sequence[verify.Key]) -> None:
    raw = verify.decode_base64(said["key"], 32)
    ours = [key for key in keys if key.kind == verify.ED25519 and key.name.endswith("/papers")]
    if not ours:
        raise verify.Problem(verify.POLICY, "no key of papers is pinned")
    key = next((one for one in ours if one.public.public_bytes(Encoding.Raw, PublicFormat.Raw) == raw), None)
    if key is None:
        raise verify.Problem(verify.ALTERED, f"the {name} is forged: another key than the pinned ones signed it")
    text = json.dumps(said["statement"], ensure_ascii=False, separators=(",", ":")).encode()
    try:
        key.public.verify(verify.decode_base64(said["signature"], 64), text)
    except InvalidSignature:
        raise verify.Problem(verify.ALTERED, f"the {name} is forged: its signature is false") from None


def _check_entry(entry: bytes, said: Mapping[str, Any], name: str) -> None:
    """The entry must be the one by which this paper was issued."""
    try:
        payload = json.loads(entry.partition(b"\n")[2])
        stated = {one: payload["facts"][one] for one in ("issued_at", "kind", "number")}
        whole = {**stated, "sha256": payload["about"].removeprefix("paper:"), "type": TYPE}
        same = whole == said["statement"] and payload["word"] == ISSUED and payload["about"].startswith("paper:")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        same = False
    if not same:
        raise verify.Problem(verify.ALTERED, f"the entry in the paper is not the one by which the {name} was issued")


def _witness_keys(policy: Any) -> list[verify.Key]:
    return [one.key for one in policy.witnesses.values()] if policy else []


def vkey(name: str, public: bytes) -> str:
    """Return the verifier key of an Ed25519 public key."""
    kind = bytes([verify.ED25519])
    known = verify.fingerprint(name.encode(), kind, public)[:4].hex()
    return f"{name}+{known}+{base64.b64encode(kind + public).decode()}"


def run(given: argparse.Namespace) -> int:
    """Answer ``proof`` or ``paper``."""
    if not given.file:
        raise verify.Problem(verify.MALFORMED, f"give the file that {given.what} checks")
    keys, policy = verify.pin(given)
    if given.what == "paper":
        print(f"SOUND: {verify_paper(verify.read_file(given.file, MAX_PAPER), keys, policy)}")
        return int(verify.SOUND)
    raw, entry = verify.read_file(given.file, verify.MAX_JSON), None
    if given.entry:
        entry = verify.read_file(given.entry, verify.MAX_ENTRY)
        leaf = verify.leaf_hash(entry)
    else:
        raw, leaf, entry = open_json(raw)
    index, head = verify_proof(raw, leaf, keys, policy)
    what = f"an entry of hash {leaf.hex()} (index {index})" if entry is None else verify.name_of(entry, index)
    print(f"SOUND: {what} is in log {head.origin} of size {head.size}")
    return int(verify.SOUND)


if __name__ == "__main__":
    sys.modules["verify_papers"] = sys.modules[__name__]
    sys.exit(verify.main())
