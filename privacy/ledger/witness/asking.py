"""Asking witnesses to cosign a checkpoint: all of the policy at once, each for a few seconds (C2SP tlog-witness)."""

from __future__ import annotations

import base64
import http.client
import logging
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from http import HTTPStatus
from pathlib import Path
from typing import NamedTuple

from django.conf import settings

from privacy.ledger.verify import MALFORMED, Problem, open_note
from privacy.ledger.verify_witnesses import Policy, PolicyWitness, read_policy
from privacy.ledger.witness.cosigning import SIZE_TYPE
from privacy.lib.http.direct_requests import OPENER

log = logging.getLogger("portal.ledger")
SECONDS = 5.0
# All of them together, however slowly their bytes come.
LONGEST_SECONDS = 12.0
MAX_ANSWER = 16_384
# A witness says where it stands, once; what it says after that is no progress.
ATTEMPTS = 2

Prove = Callable[[int], list[bytes]]


class Cosignatures(NamedTuple):
    """What the witnesses answered: their lines, why others gave none, and whether the policy is met."""

    lines: str
    refusals: str
    enough: bool


class Witnesses:
    """The witnesses of a policy, with the size that each was last known to have cosigned."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self._sizes: dict[str, int] = {}
        self._proving = threading.Lock()

    def ask(self, note: str, size: int, prove: Prove) -> Cosignatures:
        """Return the cosignatures of a checkpoint. ``prove(old)`` gives the proof that it continues a size."""
        asked = list(self.policy.witnesses.values())
        pool = ThreadPoolExecutor(max_workers=len(asked))
        waited = [pool.submit(self._ask, witness, note, size, prove) for witness in asked]
        answered, _late = wait(waited, timeout=LONGEST_SECONDS)
        # One that sends byte by byte holds nobody up.
        pool.shutdown(wait=False, cancel_futures=True)
        answers = [one.result() if one in answered else ("", "takes too long") for one in waited]
        cosigned = [witness.name for witness, (line, _why) in zip(asked, answers, strict=True) if line]
        refusals = [f"{one.name} {why}" for one, (line, why) in zip(asked, answers, strict=True) if not line]
        for refusal in refusals:
            log.warning("notary: the witness %s", refusal)
        lines = "".join(line for line, _why in answers)
        return Cosignatures(lines, "; ".join(refusals), self.policy.is_met(cosigned))

    def _ask(self, witness: PolicyWitness, note: str, size: int, prove: Prove) -> tuple[str, str]:
        """Return a witness's line, or why there is none."""
        try:
            for _attempt in range(ATTEMPTS):
                old = min(self._sizes.get(witness.name, 0), size)
                with self._proving:  # the proof is read from the one connection
                    proof = prove(old)
                status, kind, said = _post(witness.url, old, proof, note)
                if status == HTTPStatus.OK:
                    line = _own_line(witness, note, said)
                    self._sizes[witness.name] = size
                    return line, ""
                if status != HTTPStatus.CONFLICT or kind != SIZE_TYPE:
                    return "", f"refuses ({status}): {said.strip()[:200]}"
                stands = int(said)
                if stands > size:
                    return "", f"has seen {stands} entries, more than there are"
                self._sizes[witness.name] = stands
        except (OSError, ValueError, LookupError, http.client.HTTPException, Problem) as error:
            return "", f"gives no answer ({type(error).__name__})"
        return "", "does not say where it stands"


def policy_text() -> bytes:
    """Return the policy that the settings name. Raises FileNotFoundError where they name none, OSError."""
    if not settings.WITNESS_POLICY:
        raise FileNotFoundError("WITNESS_POLICY")
    return Path(settings.WITNESS_POLICY).read_bytes()


def load_policy() -> Policy | None:
    """Return the policy that the settings name, if they do. Raises Problem for one that can't be read."""
    if not settings.WITNESS_POLICY:
        return None
    try:
        return read_policy(policy_text())
    except OSError as error:
        raise Problem(MALFORMED, f"{settings.WITNESS_POLICY}: {error.strerror}") from None


def _post(url: str, old: int, proof: list[bytes], note: str) -> tuple[int, str, str]:
    hashes = "".join(f"{base64.b64encode(value).decode()}\n" for value in proof)
    request = urllib.request.Request(  # noqa: S310 - an address of the operator's policy
        f"{url.rstrip('/')}/add-checkpoint", data=f"old {old}\n{hashes}\n{note}".encode(), method="POST"
    )
    try:
        with OPENER.open(request, timeout=SECONDS) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read(MAX_ANSWER).decode("utf-8", "replace")
    except urllib.error.HTTPError as answer:
        with answer:
            said = answer.read(MAX_ANSWER).decode("utf-8", "replace")
            return answer.code, answer.headers.get_content_type(), said


def _own_line(witness: PolicyWitness, note: str, said: str) -> str:
    """Return the line that this witness's key made, of all that it sent. Raises Problem where there is none."""
    text = note.rpartition("\n\n")[0]
    for line in said.splitlines():
        if line.startswith(f"\u2014 {witness.key.name} "):
            open_note(f"{text}\n\n{line}\n".encode(), [witness.key])
            return f"{line}\n"
    raise ValueError("no line of its own")
