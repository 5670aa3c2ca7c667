"""Whatever is sent where recipients' systems answer, it answers as docs/recipients.md says, never by an error of ours.

The ordinary run makes the same calls each time; ``make faults`` run whole makes new ones (``SCALE`` scales it,
``HOSTILE_SEED`` repeats it).
"""

import hashlib
import hmac
import json
import logging
import os
import random

import pytest
from django.db import transaction

from privacy.disclosures import notice_texts, proof_keys
from privacy.disclosures.models import CorrectionProof
from privacy.lib.dates import clock
from tests import factory
from tests.base import PortalTestCase
from tests.devices import fuzzing
from tests.privacy.disclosures.test_recipient_proofs import commitment, corrected, notice_to
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
ORDINARY, CALLS = 20_261_129, 150
SEED = drawn("HOSTILE_SEED")
# What the document says, and what any address of ours answers to what is no call at all.
SAID = {200, 401, 409, 422} | {301, 400, 403, 404, 405, 413}


class HostileAnswerTests(PortalTestCase):
    def setUp(self) -> None:
        corrected({"channel": "webhook", "webhook_url": "https://a.example/", "mailbox": ""})
        self.notice = notice_to("party0")
        self.secret = notice_texts.webhook_key(self.notice.third_party).encode()
        refusals = logging.getLogger("django.request")
        self.addCleanup(refusals.setLevel, refusals.level)
        refusals.setLevel(logging.ERROR)

    @pytest.mark.asvs("2.2.1", "11.2.5")
    def test_hostile_answers_are_refused_as_told(self) -> None:
        self.bend(CALLS, ORDINARY)

    @pytest.mark.faults
    def test_ten_thousand_hostile_answers(self) -> None:
        self.bend(max(CALLS, int(10_000 * SCALE)), SEED)

    def bend(self, count: int, seed: int) -> None:
        source, seen = random.Random(seed), set[int]()
        for _each in range(count):
            asked = source.choice([1, 1, 1, 0, -1, 2, 10**30, "1", None, True])
            key = proof_keys.key_of_round(self.notice.id, asked if asked in (0, 2) else 1)
            signing = proof_keys.signing_key_of_round(self.notice.id, asked if asked in (0, 2) else 1)
            value = commitment(key, "imei", source.choice([factory.imei(1), "", "9" * 500]))
            says = source.choice(["corrected", "corrected", "not-held", "cannot", "deleted"])
            body = {
                "notice": self.notice.reference, "round": asked, "items": {"imei": {"says": says, "commitment": value}},
            }  # fmt: skip
            path = f"/notices/{self.notice.reference}/answer/"
            made = fuzzing.bent(source, "POST", path, body)
            if source.random() < 0.2:
                made = fuzzing.Hostile("POST", path, json.dumps(body).encode(), {})
            # Most are signed rightly: else nothing behind the door would be asked.
            is_signed, told = source.random() < 0.9, str(int(clock.now().timestamp()))
            signed = b"answer." + told.encode() + b"." + made.content
            macs = [hmac.new(one, signed, hashlib.sha256).hexdigest() for one in (self.secret, signing)]
            names = ("X-Extrus-Signature", "X-Extrus-Answer-Signature")
            marks = {name: f"sha256={mac}" for name, mac in zip(names, macs, strict=True)} if is_signed else {}
            # Each meets the question as it was first asked.
            with transaction.atomic():
                answer = self.client.generic(
                    made.method, made.path, made.content, headers={"X-Extrus-Timestamp": told, **marks, **made.headers},
                    content_type=made.headers.get("Content-Type", "application/json"),
                )  # fmt: skip
                proof = CorrectionProof.objects.get()
                transaction.set_rollback(True)
            said = f"HOSTILE_SEED={seed} {made!r}: {answer.status_code}"
            assert answer.status_code in SAID and proof.state != "proven", said
            if answer.headers["Content-Type"] == "application/problem+json":
                problem = json.loads(answer.content)
                assert problem["status"] == answer.status_code and {"code", "title", "detail"} <= problem.keys(), said
            seen.add(answer.status_code)
        assert {200, 401, 422} <= seen, seen
