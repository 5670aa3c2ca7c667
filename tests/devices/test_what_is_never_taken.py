"""Only declared items are taken; sensitive information is refused by name, by type and inside free text (P3.4)."""

import json
import logging
from uuid import uuid4

import pytest

from devices.models import AppLog, Batch, Device, Report
from devices.prohibited_data import contains_resident_number, is_sensitive_name
from tests import factory
from tests.devices.base import ApiTestCase
from tests.devices.resident_numbers import resident_number


@pytest.mark.asvs("2.2.1")
@pytest.mark.clause("P3.4")
class NeverTakenTest(ApiTestCase):
    @pytest.mark.law("N-01")
    def test_an_undeclared_item_of_a_report_is_refused(self) -> None:
        device = self.device()
        for report, pointer in (
            (self.report(device, gps="37.5,127.0"), "/reports/0/gps"),
            (self.report(device, body={"state": "active", "battery": 80}), "/reports/0/body/battery"),
        ):
            self.assertRefused(self.send(report), "unknown-item", pointer)
        assert not Report.objects.exists()

    @pytest.mark.law("N-01")
    def test_an_unknown_kind_is_refused(self) -> None:
        report = self.report(self.device(), "location", body={"lat": 37.5})
        self.assertRefused(self.send(report), "unknown-kind", "/reports/0/kind")

    @pytest.mark.law("C-02", "N-02")
    def test_a_sensitive_item_is_refused_by_name_and_by_declared_type(self) -> None:
        device = self.device()
        for report in (
            self.report(device, religion="…"),
            self.report(device, body={"state": "active", "bloodType": "A"}),
            self.report(device, body={"state": "active", "extra": {"health": {"pulse": 70}}}),
            self.report(device, extra={"type": "biometric", "value": "…"}),
            self.report(device, "health", body={}),
            self.report(device, 주민등록번호="…"),
            self.report(device, **{"노동조합 가입": "…"}),
        ):
            self.assertRefused(self.send(report), "sensitive-item")

    @pytest.mark.law("S-19")
    def test_no_number_that_must_be_encrypted_is_an_item(self) -> None:
        device = self.device()
        for name in (
            "rrn", "passportNumber", "driverLicense", "alien_registration_number", "creditCardNumber", "card_no",
            "bankAccount", "account_number", "fingerprint", "신용카드번호", "계좌번호",
        ):  # fmt: skip
            answer = self.send(self.report(device, **{name: "1234"}))
            self.assertRefused(answer, "sensitive-item" if is_sensitive_name(name) else "unknown-item")
        assert not Report.objects.exists()

    @pytest.mark.law("C-02", "N-02", "S-19")
    def test_every_statutory_kind_is_known_by_its_usual_names(self) -> None:
        names = (
            "belief", "beliefs", "political_views", "politicalParty", "trade-union", "union_membership", "health",
            "medicalHistory", "sexLife", "sexual_orientation", "genetic_data", "dna", "criminal_record", "biometrics",
            "fingerprint", "faceId", "race", "ethnicity", "resident_registration_number", "rrn", "passportNumber",
            "driverLicense", "drivers_licence", "alien_registration_number", "사상·신념", "정당가입",
            "건강정보", "성생활",
            "유전정보", "범죄경력", "생체인식정보", "인종", "여권번호", "운전면허번호", "외국인등록번호",
        )  # fmt: skip
        for name in names:
            assert is_sensitive_name(name), name

    @pytest.mark.truth("15")
    def test_a_statutory_kind_is_known_however_its_words_are_parted(self) -> None:
        for name in (
            "bloodtype", "heartrate", "nationalid", "driverlicense", "userIDPassport", "HIVHealthRecord",
            "주민 등록 번호", "운전 면허 번호", "외국인-등록-번호", "pass\u200bport", "여\u200b권",
        ):  # fmt: skip
            assert is_sensitive_name(name), name
        for name in ("완성_적용", "deviceID", "APILevel", "osBuild"):
            assert not is_sensitive_name(name), name

    def test_declared_items_are_not_mistaken_for_sensitive_ones(self) -> None:
        for name in ("state", "count", "action", "setting", "result", "level", "message", "app", "model", "os_build"):
            assert not is_sensitive_name(name), name

    @pytest.mark.law("S-19", "N-02")
    def test_a_resident_number_in_free_text_refuses_the_report(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        number = resident_number("900101", "123456")
        spellings = [number, f"{number[:6]}-{number[6:]}", f"{number[:6]} {number[6:]}", f"user={number};"]
        spellings.append("".join(chr(ord("０") + int(digit)) for digit in number))
        for text in spellings:
            report = self.report(device, "app-log", body={"level": "info", "message": f"id {text} ok"})
            self.assertRefused(self.send(report), "sensitive-item", "/reports/0/body/message")
        assert not AppLog.objects.exists()

    @pytest.mark.truth("no-check-digit")
    def test_a_number_issued_since_october_2020_has_no_check_digit(self) -> None:
        for front, back in (("900101", "123456"), ("210315", "423456"), ("881231", "623456"), ("990909", "512345")):
            numbers = [f"{front}{back}{last}" for last in range(10)]
            found = [contains_resident_number(f"id {number} ok") for number in numbers]
            assert all(found), (front, back)
            assert all(contains_resident_number(f"{number[:6]}-{number[6:]}") for number in numbers)
        # A plain run that may be a clock needs the check digit of the older numbers; parted it is one.
        child = resident_number("150505", "323456")
        assert contains_resident_number(child)
        assert not contains_resident_number(child[:-1] + str((int(child[-1]) + 1) % 10))
        assert contains_resident_number("150505-3234560")

    @pytest.mark.truth("hidden-number")
    def test_signs_that_show_nothing_or_look_like_a_dash_hide_none(self) -> None:
        front, back = "900101", "1234567"
        for code in (
            0x200B, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x180E, 0x3164, 0x115F, 0xFFA0, 0xFE0F, 0x0301,
            0x2010, 0x2013, 0x2212, 0x30FC, 0x3161, 0x4E00, 0x301C, 0xFF0D, 0x2022, 0x30FB, 0x2E3A, 0x00A0, 0x3000,
        ):  # fmt: skip
            assert contains_resident_number(f"번호 {front}{chr(code)}{back}."), hex(code)
        assert contains_resident_number("9\u200b0\u200b0\u200b1\u200b0\u200b1\u200b-1\u200b234567")
        assert contains_resident_number(f"{front} \u200b- {back}")
        for text in ("900101, 1234567", "900101 ... 1234567", "900101a1234567", "90010-11234567"):
            assert not contains_resident_number(text), text

    @pytest.mark.truth("15")
    def test_no_dash_or_dot_of_a_korean_keyboard_hides_a_number(self) -> None:
        # ㅡ and ㆍ are typed as letters, ─ and ━ stand first among the signs of ㄱ, ∙ and ⋅ are mathematics.
        for sign in "─━┄╌ㆍ∙⋅•־➖᠆ᆞ":
            assert contains_resident_number(f"번호 900101{sign}1234567."), hex(ord(sign))

    @pytest.mark.truth("15")
    def test_what_parts_a_number_without_being_seen_parts_it_from_a_clock(self) -> None:
        number = "1505053234560"
        assert not contains_resident_number(number)
        for sign in ("\u200b", "\u00ad", "\u3164", "\ufe0f"):
            assert contains_resident_number(f"{number[:6]}{sign}{number[6:]}"), hex(ord(sign))
            assert contains_resident_number(f"{number[:3]}{sign}{number[3:]}"), hex(ord(sign))
            assert not contains_resident_number(f"{sign}{number}{sign}"), hex(ord(sign))

    @pytest.mark.truth("hidden-number")
    def test_a_hidden_number_refuses_the_report(self) -> None:
        device = self.device(agreed=("activation", "app-log"))
        for text in ("900101\u200b1234567", "900101ㅡ1234567", "900101-1234567"):
            report = self.report(device, "app-log", body={"level": "info", "message": f"id {text} ok"})
            self.assertRefused(self.send(report), "sensitive-item", "/reports/0/body/message")
        assert not AppLog.objects.exists()

    def test_other_long_numbers_are_taken(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        number = resident_number("900101", "123456")
        for text in (
            "1764000000000", factory.imei(5), f"0{number}", "9913321234567",
            # no century, no birth to come, milliseconds of January 2027 that look like a birth in 1918
            "9001010123456", "9001019123456", "9001013123456", "1801011234567",
        ):  # fmt: skip
            report = self.report(device, "app-log", body={"level": "info", "message": f"id {text} ok"})
            assert self.send(report).json()["stored"] == 1, text

    @pytest.mark.asvs("16.2.5")
    def test_what_was_refused_is_neither_stored_nor_logged_nor_repeated(self) -> None:
        device = self.device(agreed=("activation", "service-analytics", "app-log"))
        number = resident_number("850505", "223344")
        with self.assertLogs(level=logging.DEBUG) as logs:
            logging.getLogger("portal.api").debug("at least one line")
            answers = [
                self.send(self.report(device, "app-log", body={"level": "i", "message": number})),
                self.send(self.report(device, **{number: "x"})),
                self.send(self.report(device, religion="CANARY-belief")),
                self.call("PUT", f"/devices/{uuid4()}", factory.registration(model=f"{number[:6]}-{number[6:]}")),
                self.call("PUT", f"/devices/{uuid4()}", factory.registration(passport="CANARY-passport")),
            ]
        said = "".join(answer.content.decode() for answer in answers) + "".join(logs.output)
        kept = json.dumps([batch.answer for batch in Batch.objects.all()])
        for secret in (number, number[6:], "CANARY"):
            assert secret not in said
            assert secret not in kept

    @pytest.mark.law("N-01", "N-02")
    def test_a_registration_with_an_undeclared_or_sensitive_item_is_refused_whole(self) -> None:
        for changes, code, pointer in (
            ({"phone_number": "010-1234-5678"}, "unknown-item", "/phone_number"),
            ({"owner_religion": "…"}, "sensitive-item", "/owner_religion"),
            ({"model": resident_number("770707", "123123")}, "sensitive-item", "/model"),
        ):
            response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(**changes))
            self.assertProblem(response, 400, code, pointer)
        licence = {"key": "K", "starts_on": "2026-01-01", "ends_on": "2026-12-31", "owner": "Kim"}
        response = self.call("PUT", f"/devices/{uuid4()}", factory.registration(licence=licence))
        self.assertProblem(response, 400, "unknown-item", "/licence/owner")
        assert not Device.objects.exists()
