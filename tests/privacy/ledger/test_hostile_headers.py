"""Whatever a client puts into its headers: one record for each answer with personal data, with the true address.

The real console and the real stack; ``SEED`` repeats a run. The long run is ``make faults``.
"""

import json
import os
import random
from collections import Counter

import pytest
from django.test import Client, override_settings
from django.urls import reverse

from privacy.accounts.models import User
from privacy.ledger.models import Entry
from tests.database import PortalDatabase
from tests.factories.accounts import make_hana
from tests.factories.devices import imei, make_device

SEED = int(os.environ.get("SEED", "415"))
HOSTILE = max(100, int(1_000 * float(os.environ.get("SCALE", "1"))))
CHOSEN = (
    "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Forwarded-Port", "X-Real-IP", "Forwarded", "Via",
    "X-Correlation-ID", "X-Request-ID", "X-Client-IP", "True-Client-IP", "CF-Connecting-IP",
)  # fmt: skip
TRUE, DIRECT, PROXY = "198.51.100.9", "203.0.113.7", "10.0.0.1"
ADDRESSES = ("127.0.0.1", "::1", "10.0.0.1", "8.8.8.8", "0x7f.1", "fe80::1%eth0", "::ffff:8.8.8.8", "8.8.8.8:443", "")
ALPHABET = "0123456789abcdef.:,;'\" <>%\\{}[]$()|&\t\x7f\u00e9\u0130\uff11\u202e\U0001f600"
STATEMENTS = ("'; DROP TABLE ledger.entry; --", "%s%s%n", "{{7*7}}", "<script>alert(1)</script>", "=cmd|' /C calc'!A0")


def hostile_value(dice: random.Random) -> str:
    """A list of addresses, an attack on somebody who prints it, a very long value, or noise."""
    return dice.choice(
        [
            lambda: ", ".join(dice.choices(ADDRESSES, k=dice.randrange(1, 40))),
            lambda: dice.choice(STATEMENTS) * dice.randrange(1, 20),
            lambda: dice.choice(ALPHABET) * dice.randrange(300, 8_000),
            lambda: "".join(dice.choices(ALPHABET, k=dice.randrange(400))),
        ]
    )()


def send_hostile(count: int) -> None:
    """Open pages of personal data with hostile headers, straight and through our own proxy, and look at the records."""
    dice = random.Random(SEED)
    device = make_device(4_711)
    hana = Client(raise_request_exception=False)
    hana.force_login(User.objects.get(pk=make_hana().pk))
    register = reverse("admin:devices_device_changelist")
    pages = (reverse("admin:devices_device_change", args=[device.pk]), register, f"{register}?q={imei(4_711)}")
    shown: dict[str, str] = {}
    for _ in range(count):
        value = hostile_value(dice)
        headers = dict.fromkeys(dice.sample(CHOSEN, dice.randint(1, len(CHOSEN))), value)
        through = dice.random() < 0.5
        if through:  # our proxy adds whom it saw, to the right of what it was told
            headers["X-Forwarded-For"] = f"{headers.get('X-Forwarded-For', '')},{TRUE}".lstrip(",")
        answer = hana.get(dice.choice(pages), headers=headers, REMOTE_ADDR=PROXY if through else DIRECT)
        assert answer.status_code == 200, (value, answer.status_code)
        assert device.reference in answer.content.decode()
        request = answer.headers["X-Request-ID"]
        assert request not in shown
        assert request not in value
        shown[request] = TRUE if through else DIRECT
    records = [
        json.loads(text) for text in Entry.objects.naming(device.subject_id).reads().values_list("payload", flat=True)
    ]
    assert Counter(record["request"] for record in records) == Counter(dict.fromkeys(shown, 1))
    assert {record["request"]: record["from"] for record in records} == shown


@pytest.mark.asvs("2.2.1", "4.1.3", "15.3.4")
@pytest.mark.clause("P8.3")
@override_settings(TRUSTED_PROXIES=["10.0.0.0/8"])
def test_one_record_for_each_answer_with_the_true_address(portal_database: PortalDatabase) -> None:
    send_hostile(60)


@pytest.mark.faults
@override_settings(TRUSTED_PROXIES=["10.0.0.0/8"])
def test_a_thousand_hostile_requests(portal_database: PortalDatabase, capsys: pytest.CaptureFixture[str]) -> None:
    send_hostile(HOSTILE)
    with capsys.disabled():
        print(f"\nseed {SEED}: {HOSTILE} answers with personal data, {HOSTILE} records, every address the true one")
