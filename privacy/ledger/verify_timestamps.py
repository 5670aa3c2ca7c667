"""Check RFC 3161 time stamps of checkpoints offline: that each existed at a moment, on an authority's word.

    python verify_timestamps.py FILE.checkpoint … --authority ROOTS.pem --key VKEY --key VKEY

Beside each checkpoint of the anchors' directory that was stamped stands its token, ``FILE.tsr``. The checkpoint is
opened with the notary's pinned keys, the token with the authority's root certificates, which you have from the
authority and not from us. Then the moment of the stamp must fit the one that the notary signed: nobody stamps before it
signs, and a notary asks within minutes. So whoever has its key can't sign for a past that no authority stamped.

Needs verify.py beside this file, and the packages cryptography and rfc3161-client. Exits 0 sound, 2 altered (the token
is of another checkpoint, or not the authority's), 3 policy (no token, or one that came late), 4 malformed.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import rfc3161_client
from cryptography import x509

if "privacy.ledger" in (__package__ or ""):
    from privacy.ledger import verify
else:
    sys.path.insert(0, str(Path(__file__).resolve().parent))
    import verify  # type: ignore[import-not-found,no-redef]

SUFFIX = ".tsr"
MAX_FILE = 65_536
# The authority's clock is another one.
AHEAD = 5 * 60
LATE = 60 * 60


def stamped_at(token: bytes, note: bytes, roots: Sequence[x509.Certificate], nonce: int | None = None) -> datetime:
    """Return when an authority stamped these bytes. Raises ``Problem``."""
    try:
        response = rfc3161_client.decode_timestamp_response(token)
    except ValueError as error:
        raise verify.Problem(verify.MALFORMED, f"not a time stamp: {error}") from None
    verifier = rfc3161_client.VerifierBuilder(roots=list(roots), nonce=nonce).build()
    try:
        verifier.verify_message(response, note)
    except (rfc3161_client.VerificationError, ValueError) as error:
        raise verify.Problem(
            verify.ALTERED, f"the time stamp is not the authority's for this checkpoint: {error}"
        ) from None
    moment: datetime = response.tst_info.gen_time
    return moment


def check(path: Path, roots: Sequence[x509.Certificate], keys: Sequence[verify.Key]) -> str:
    """Return a sentence about a checkpoint and its token. Raises ``Problem``."""
    note = verify.read_file(str(path), MAX_FILE)
    checkpoint = verify.open_checkpoint(note, keys)
    if checkpoint.time is None:
        raise verify.Problem(verify.POLICY, f"{path.name}: no pinned key says when it was signed")
    if not path.with_suffix(SUFFIX).exists():
        raise verify.Problem(verify.POLICY, f"{path.name}: no time stamp stands beside it")
    moment = stamped_at(verify.read_file(str(path.with_suffix(SUFFIX)), MAX_FILE), note, roots)
    waited = moment.timestamp() - checkpoint.time
    signed = verify.moment_text(checkpoint.time).decode()
    said = f"{checkpoint.size} entries, signed {signed}, stamped {moment.isoformat()}"
    if waited < -AHEAD:
        raise verify.Problem(verify.ALTERED, f"{path.name}: stamped before it says that it was signed: {said}")
    if waited > LATE:
        raise verify.Problem(verify.POLICY, f"{path.name}: stamped later than an hour after that: {said}")
    return f"STAMPED: {said}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Check each file, and return the gravest exit code."""
    parser = argparse.ArgumentParser(
        prog="verify_timestamps.py", description=__doc__.split("\n", 1)[0] if __doc__ else ""
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="CHECKPOINT")
    parser.add_argument("--authority", required=True, help="root certificates of the authority, PEM")
    parser.add_argument("--key", action="append", default=[], help="a verifier key of the notary")
    given = parser.parse_args(arguments)
    code = verify.SOUND
    try:
        roots = x509.load_pem_x509_certificates(verify.read_file(given.authority, 1 << 20))
        keys = [verify.parse_key(key) for key in given.key]
    except (verify.Problem, ValueError) as error:
        print(f"MALFORMED: {error}")
        return verify.MALFORMED
    words = {verify.ALTERED: "ALTERED", verify.POLICY: "POLICY", verify.MALFORMED: "MALFORMED"}
    for path in given.files:
        try:
            print(check(path, roots, keys))
        except verify.Problem as problem:
            print(f"{words[problem.code]}: {problem}")
            code = problem.code if code != verify.ALTERED else code
    return code


if __name__ == "__main__":
    sys.exit(main())
