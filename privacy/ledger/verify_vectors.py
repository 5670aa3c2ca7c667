"""What ``verify.py`` rarely needs: other people's signatures, notes and test vectors. Call it in the same way.

    python verify_vectors.py note FILE --key VKEY
    python verify_vectors.py inclusion|consistency VECTOR.json
    python verify_vectors.py BUNDLE --key VKEY …   (whatever verify.py takes, with keys of further types)

It lies beside ``verify.py`` and adds ECDSA (type 2 of C2SP signed-note) and ML-DSA-44 (type 6, checkpoints only).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

ECDSA, ML_DSA = 2, 6


def _load_ecdsa(public: bytes) -> Any:
    key = load_der_public_key(public)
    if not isinstance(key, ec.EllipticCurvePublicKey):
        raise ValueError("not an ECDSA key")
    return key


def _fingerprint_of_der(_name: bytes, _kind: bytes, public: bytes) -> bytes:
    return verify.sha256(public).digest()


def _check_ecdsa(key: verify.Key, text: bytes, signature: bytes) -> None:
    key.public.verify(signature, text, ec.ECDSA(SHA256()))


def _load_ml_dsa(public: bytes) -> Any:
    return load_der_public_key(bytes.fromhex("30820532300b06096086480165030403110382052100") + public)


def ml_dsa_text(name: str, text: bytes, stamp: bytes) -> bytes:
    """What is signed is the subtree of all leaves: who, when, of which log, from 0 to its size, its root."""
    origin, size, root = (*text.decode().split("\n"), "", "")[:3]
    names = [bytes([len(part)]) + part for part in (name.encode(), origin.encode()[:255])]
    tree = verify.decode_number(size).to_bytes(16, "big") + verify.decode_base64(root, 32)
    return b"subtree/v1\n\0" + stamp.join(names) + tree


def _check_ml_dsa(key: verify.Key, text: bytes, signature: bytes) -> int:
    key.public.verify(signature[8:], ml_dsa_text(key.name, text, signature[:8]))
    return int.from_bytes(signature[:8], "big")


verify.KINDS[ECDSA] = verify.SignatureKind(_load_ecdsa, _fingerprint_of_der, _check_ecdsa)
verify.KINDS[ML_DSA] = verify.SignatureKind(_load_ml_dsa, verify.fingerprint, _check_ml_dsa)


def verify_consistency(size1: int, size2: int, proof: Sequence[bytes], root1: bytes, root2: bytes) -> None:
    """Raise unless the first tree is the beginning of the second. From an empty first tree nothing can be proved."""
    if size1 == size2:  # one tree, even an empty one, continues itself: nothing is left to prove
        if proof or root1 != root2 or (size1 == 0 and root1 != verify.sha256(b"").digest()):
            raise verify.Problem(verify.ALTERED, "the same size has another root, or a proof where none belongs")
        return
    if (
        not all(len(value) == 32 for value in (root1, root2, *proof))
        or not proof
        or not 0 < size1 < size2 <= verify.MAX_SIZE
    ):
        raise verify.Problem(
            verify.ALTERED, f"no consistency from size {size1} to {size2}, or a hash of the wrong length"
        )
    path = [root1, *proof] if size1 & (size1 - 1) == 0 else list(proof)
    node, last = size1 - 1, size2 - 1
    while node & 1:
        node, last = node >> 1, last >> 1
    if verify.climb(node, last, path[0], path[0], path[1:]) != (root1, root2):
        raise verify.Problem(verify.ALTERED, "the proof leads to another root")


def verify_vector(kind: str, raw: bytes) -> str:
    """Check the proof of a test vector of transparency-dev/merkle. Its wantErr is not believed, not even read."""
    vector = verify.load_json(raw)
    vector.setdefault("leafIdx", vector.get("leafIndex"))  # as older vectors call it
    proof = vector.get("proof") or []
    if not isinstance(proof, list) or len(proof) > 1_000:
        raise verify.Problem(verify.MALFORMED, "proof is not a list of hashes")
    path = [verify.decode_base64(value) for value in proof]
    names = ("leafIdx", "treeSize", "leafHash", "root") if kind == "inclusion" else ("size1", "size2", "root1", "root2")
    sizes = [verify.decode_number(vector.get(name)) for name in names[:2]]
    hashes = [verify.decode_base64(vector.get(name)) for name in names[2:]]
    if kind == "inclusion":
        verify.verify_inclusion(sizes[0], sizes[1], hashes[0], path, hashes[1])
    else:
        verify_consistency(sizes[0], sizes[1], path, hashes[0], hashes[1])
    return f"the {kind} proof"


def run(given: argparse.Namespace) -> int:
    """Answer ``note``, ``inclusion`` or ``consistency``."""
    if not given.file:
        raise verify.Problem(verify.MALFORMED, f"give the file that {given.what} checks")
    if given.what == "note":
        keys = [verify.parse_key(key) for key in given.key]
        signed = verify.open_note(verify.read_file(given.file, verify.MAX_NOTE), keys)[1]
        said = "signed by " + ", ".join(name for name, _id in signed)
    else:
        said = verify_vector(given.what, verify.read_file(given.file, verify.MAX_JSON))
    print(f"SOUND: {said}")
    return int(verify.SOUND)


if __name__ == "__main__":
    sys.modules["verify_vectors"] = sys.modules[__name__]
    sys.exit(verify.main())
