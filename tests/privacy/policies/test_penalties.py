"""What a breach may cost: dated rows with their articles, on a page of the console (R-36, D-18, B-12, C-21)."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from privacy.policies.penalties import announced_penalties, penalties
from tests import factory
from tests.base import PortalTestCase

TODAY = date(2026, 11, 24)
# Rule, article and the most that may be imposed, as the Acts say it.
SAID = {
    "R-36": {
        "PIPA art. 73(1)1": "up to 2 years in prison or a fine of 20 million won",
        "PIPA art. 73(1)2": "up to 2 years in prison or a fine of 20 million won",
        "PIPA art. 75(2)19": "an administrative fine of up to 30 million won",
        "PIPA art. 75(2)22": "an administrative fine of up to 30 million won",
        "PIPA art. 75(2)23": "an administrative fine of up to 30 million won",
        "PIPA art. 75(4)10": "an administrative fine of up to 10 million won",
    },
    "D-18": {
        "PIPA art. 75(2)4": "an administrative fine of up to 30 million won",
        "PIPA art. 75(4)2": "an administrative fine of up to 10 million won",
    },
    "B-12": {
        "PIPA art. 75(2)17": "an administrative fine of up to 30 million won",
        "PIPA art. 75(2)18": "an administrative fine of up to 30 million won",
        "PIPA art. 64-2(1)9": "a surcharge of up to 3 % of total sales",
        "PIPA art. 64-2(2)": "a surcharge of up to 10 % of total sales",
    },
    "C-21": {
        "Network Act art. 76(2)7 to 9-2": "an administrative fine of up to 30 million won",
        "Network Act art. 50-9": "a surcharge of up to 6 % of sales",
    },
    "B-10": {
        "Network Act art. 76(1)2": "an administrative fine of up to 50 million won",
        "Network Act art. 48-8(1)": "a surcharge of up to 3 % of sales",
    },
    "C-12": {
        "PIPA art. 71 no. 3": "up to 5 years in prison or a fine of 50 million won",
        "PIPA art. 64-2(1)2": "a surcharge of up to 3 % of total sales",
    },
}


class PenaltiesTest(PortalTestCase):
    @pytest.mark.law("R-36", "D-18", "B-10", "B-12", "C-12", "C-21")
    def test_each_rule_has_its_articles_and_amounts(self) -> None:
        with override("en"):
            for rule, said in SAID.items():
                assert {row.article: row.penalty for row in penalties(TODAY) if rule in row.rules} == said

    @pytest.mark.law("B-12", "C-21")
    def test_a_row_holds_from_its_day(self) -> None:
        with override("en"):
            eve, day = date(2026, 9, 10), date(2026, 9, 11)
            assert "PIPA art. 64-2(2)" not in {row.article for row in penalties(eve)}
            assert "PIPA art. 64-2(2)" in {row.article for row in announced_penalties(eve)}
            assert "PIPA art. 64-2(2)" in {row.article for row in penalties(day)}
            # Act 21500, six months after 2026-03-31: art. 76 is renumbered from then on.
            assert {row.since for row in announced_penalties(day)} == {date(2026, 10, 1)}
            advertising = {row.article for row in announced_penalties(day) if "C-21" in row.rules}
            assert advertising == set(SAID["C-21"])
            assert announced_penalties(date(2026, 10, 1)) == []

    def test_every_row_is_said_in_both_languages(self) -> None:
        for row in penalties(date(2099, 1, 1)):
            for words in (row.articles, row.breaches, row.penalties):
                assert len(words) == 2
                assert all(words)
                assert words[0] != words[1]

    @pytest.mark.law("R-36", "D-18", "B-12", "C-21")
    def test_whoever_works_in_the_console_reads_them(self) -> None:
        client = Client()
        for person in (factory.make_hana(), factory.make_aram(), factory.make_odile()):
            client.force_login(person)
            said = client.get(reverse("admin:penalties"), secure=True).content.decode()
            assert all(row.article in said and row.penalty in said for row in penalties(TODAY))
        assert reverse("admin:penalties") in client.get(reverse("admin:all-registers"), secure=True).content.decode()
        client.force_login(factory.make_emin())
        assert client.get(reverse("admin:penalties"), secure=True).status_code == 302
