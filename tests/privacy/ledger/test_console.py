"""What an auditor sees: entries and access records by key, the state of sealing, verification while one waits."""

import io
import json
import re
import zipfile
from datetime import UTC, datetime, timedelta
from html import unescape
from pathlib import Path
from unittest.mock import patch

import pytest
from django.contrib.admin import site
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import override

from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.ledger import register, verify
from privacy.ledger.actors import ExternalActor, SystemActor
from privacy.ledger.admin import filters
from privacy.ledger.admin.filters import EntryChangeList
from privacy.ledger.entries import lookup_by_time
from privacy.ledger.events import Event
from privacy.ledger.models import Entry, Tree
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.accounts import make_aram, make_emin, make_hana, make_odile
from tests.factories.ledger import adopt, make_entries, make_entry, make_notary, seal, sign, tamper

AT = datetime(2026, 11, 24, 3, 0, tzinfo=UTC)
ENTRIES = "admin:ledger_entry_changelist"
ACCESS = "admin:ledger_accessrecord_changelist"


def read_by(ref: str, subject: str, task: str = "devices.device.viewed", reason: str = "case K7-1") -> None:
    actor = ExternalActor("user", ref)
    ledger.record_read(actor=actor, at=AT, subjects=[subject], task=task, purpose="rights", reason=reason)


@pytest.mark.clause("P8.3")
class EntryListTests(PortalTestCase):
    def setUp(self) -> None:
        super().setUp()
        self.aram = make_aram()
        self.client.force_login(self.aram)

    def page(self, name: str = ENTRIES, **parameters: str) -> str:
        answer = self.client.get(reverse(name), parameters)
        assert answer.status_code == 200
        return answer.content.decode()

    def test_the_newest_entries_come_first(self) -> None:
        first, second = make_entry(), make_entry()
        newest = Entry.objects.order_by("-id").first()
        assert newest is not None
        assert newest.about == f"tests.thing:{second}"
        assert first != second
        assert str(newest.id) in self.page()

    def test_who_read_whose_data_is_found_by_account_and_by_person(self) -> None:
        read_by("U-AAAA-0001", "S-AAAA-0001")
        read_by("U-AAAA-0002", "S-AAAA-0002")
        page = self.page(ACCESS, account="U-AAAA-0001")
        assert "S-AAAA-0001" in page
        assert "S-AAAA-0002" not in page
        page = self.page(ACCESS, subject="S-AAAA-0002")
        assert "U-AAAA-0002" in page
        assert "U-AAAA-0001" not in page

    @pytest.mark.law("S-01")
    def test_a_record_says_whose_data_to_the_second_also_where_it_counts_values(self) -> None:
        people = [f"S-DDDD-000{number}" for number in range(5)]
        ledger.record_read(
            actor=ExternalActor("user", "U-DDDD-0001"), at=AT, subjects=people, count=40, task="devices.device.viewed",
            purpose="rights",
        )  # fmt: skip
        entry = Entry.objects.by("U-DDDD-0001").get()
        page = self.page(ACCESS, account="U-DDDD-0001")
        for reference in people[:3]:
            assert f'<a class="reference" href="?subject={reference}" title="{reference}">{reference}</a>' in page
        assert "+2" in page
        assert people[3] not in page
        assert f"{localtime(entry.time):%H:%M:%S}" in page
        page = self.client.get(reverse("admin:ledger_entry_change", args=[entry.id])).content.decode()
        assert ", ".join(people) in page

    @pytest.mark.truth("sealed-within-a-second")
    def test_an_entry_that_waits_for_long_is_not_promised_its_seal(self) -> None:
        make_entry()
        entry = Entry.objects.order_by("-id")[0]
        model_admin = site.get_model_admin(Entry)
        with override("en"):
            assert "within a second" in model_admin.sealed(entry)
            entry.time -= timedelta(minutes=2)
            waiting = model_admin.sealed(entry)
        assert "within a second" not in waiting
        assert "can&#x27;t keep up" in waiting

    @pytest.mark.truth("filter-from-a-later-page")
    def test_a_filter_chosen_on_a_later_page_begins_at_the_newest(self) -> None:
        for _number in range(3):
            make_entry()
        first = Entry.objects.order_by("id").first()
        assert first is not None
        read_by("U-ZZZZ-0001", "S-ZZZZ-0001")
        later = self.page(after=json.dumps([str(first.id + 1)]))
        assert "U-ZZZZ-0001" not in later
        found = re.search(r'href="(\?[^"]*kind=read[^"]*)"', later)
        assert found is not None
        page = self.client.get(reverse(ENTRIES) + unescape(found[1])).content.decode()
        assert "U-ZZZZ-0001" in page

    @pytest.mark.truth("filter-from-a-later-page")
    def test_a_search_sent_on_a_later_page_begins_at_the_newest(self) -> None:
        self.client.force_login(make_odile())
        after = {"after": json.dumps(["ffffffff-ffff-7fff-bfff-ffffffffffff"])}
        page = self.client.get(reverse("admin:subjects_subject_changelist"), after).content.decode()
        assert 'name="q"' in page
        assert 'name="after"' not in page

    def test_access_records_are_reads_only(self) -> None:
        thing = make_entry()
        assert thing not in self.page(ACCESS)

    def test_filters_by_task_kind_record_and_day(self) -> None:
        read_by("U-BBBB-0001", "S-BBBB-0001", task="devices.device.printed")
        assert "S-BBBB-0001" in self.page(task="devices.device.printed")
        assert "S-BBBB-0001" in self.page(kind="read", account="U-BBBB-0001")
        assert "S-BBBB-0001" not in self.page(kind="denied", account="U-BBBB-0001")
        assert "S-BBBB-0001" not in self.page(account="U-BBBB-0001", until="2020-01-01")
        assert "S-BBBB-0001" in self.page(account="U-BBBB-0001", since="2020-01-01")
        thing = make_entry()
        assert "tests.thing.tried" in self.page(record=f"tests.thing:{thing}")

    def test_a_kind_or_task_is_looked_for_among_the_newest_and_the_page_says_how_far(self) -> None:
        with patch.object(EntryChangeList, "looked_through", 20):
            read_by("U-KIND-0001", "S-KIND-0001", task="devices.device.exported")
            for sought in ({"kind": "read"}, {"task": "devices.device.exported"}):
                page = self.page(**sought)
                assert "S-KIND-0001" in page
            for _entry in range(21):
                make_entry()
            for sought in ({"kind": "read"}, {"task": "devices.device.exported"}):
                page = self.page(**sought)
                assert "S-KIND-0001" not in page
                assert "Looked through the newest 20 entries" in page or "최근 20건" in page
            # Narrowed by what an index answers, the list is short, and all of it is looked through.
            assert "S-KIND-0001" in self.page(kind="read", subject="S-KIND-0001")

    @pytest.mark.truth("account-left-empty")
    def test_an_account_that_was_left_empty_shortens_no_search(self) -> None:
        read_by("U-KIND-0001", "S-KIND-0001", task="devices.device.exported")
        for _entry in range(6):
            make_entry()
        with patch.object(filters, "SCAN_LIMIT_OF_ACCOUNT", 5):
            assert "S-KIND-0001" not in self.page(kind="read", account=make_odile().reference)
            assert "S-KIND-0001" in self.page(kind="read", account="")

    def test_a_day_is_found_by_halving(self) -> None:
        for _entry in range(8):
            make_entry()
        made = list(Entry.objects.order_by("id"))
        assert len(made) >= 8
        for entry in made[1:]:
            # Two entries of one statement may share their microsecond.
            earlier = [one.id for one in made if one.time < entry.time]
            assert max(earlier, default=0) < lookup_by_time.first_id_from(entry.time) <= entry.id
        last = made[-1]
        assert lookup_by_time.first_id_from(last.time + timedelta(seconds=1)) == last.id + 1
        left_out = [one for one in made if one.id < lookup_by_time.lower_bound(last.time)]
        assert all(one.time < last.time - lookup_by_time.CLOCK_TOLERANCE for one in left_out)
        assert lookup_by_time.upper_bound(last.time) > last.id

    @pytest.mark.asvs("2.2.1")
    def test_nonsense_in_a_filter_is_an_empty_list_or_no_filter_never_an_error(self) -> None:
        for value in ("\u0000", "' OR 1=1", "2026-99-99", "\u202e", "x" * 5_000):
            for name in ("account", "subject", "record", "task", "since", "until"):
                answer = self.client.get(reverse(ENTRIES), {name: value})
                assert answer.status_code in (200, 302, 400), (name, value)

    def test_pages_go_on_by_key(self) -> None:
        for _ in range(60):
            make_entry(actor=SystemActor("pager"))
        page = self.client.get(reverse(ENTRIES), {"account": "system:pager"})
        listing = page.context["cl"]
        assert len(listing.result_list) == 50
        following = self.client.get(reverse(ENTRIES) + listing.next_query)
        ids = [entry.id for entry in listing.result_list]
        assert [entry.id for entry in following.context["cl"].result_list] == list(range(ids[-1] - 1, ids[-1] - 11, -1))

    def test_a_list_asks_at_most_ten_questions_and_never_counts_everything(self) -> None:
        make_entry()
        # What a process remembers between requests, such as the numbers in force, is asked for now.
        self.page()
        with CaptureQueriesContext(connection) as asked:
            self.page()
        assert len(asked) <= 10
        assert not [query["sql"] for query in asked if "COUNT(*)" in query["sql"] and "LIMIT" not in query["sql"]]

    def test_an_entry_tells_everything_that_was_recorded(self) -> None:
        read_by("U-CCCC-0001", "S-CCCC-0001")
        entry = Entry.objects.by("U-CCCC-0001").get()
        page = self.client.get(reverse("admin:ledger_entry_change", args=[entry.id])).content.decode()
        for said in ("U-CCCC-0001", "S-CCCC-0001", "devices.device.viewed", "case K7-1"):
            assert said in page

    def test_the_sentence_gives_a_reason_in_words_and_leaves_a_rule_to_the_fields_below(self) -> None:
        for number, reason in enumerate(["case K7-1", "C-18", "P7.1", "contacts"]):
            read_by(f"U-EEEE-000{number}", "S-EEEE-0001", reason=reason)
            entry = Entry.objects.by(f"U-EEEE-000{number}").get()
            page = self.client.get(f"/en/office/ledger/entry/{entry.id}/change/").content.decode()
            assert reason in page
            assert ("The reason given was" in page) == (reason == "case K7-1"), reason

    def test_nothing_can_be_added_changed_or_deleted(self) -> None:
        make_entry()
        entry = Entry.objects.order_by("-id").first()
        assert entry is not None
        assert self.client.get(reverse("admin:ledger_entry_add")).status_code == 403
        assert (
            self.client.post(reverse("admin:ledger_entry_change", args=[entry.id]), {"kind": "read"}).status_code == 403
        )
        assert (
            self.client.post(reverse("admin:ledger_entry_delete", args=[entry.id]), {"post": "yes"}).status_code == 403
        )

    def test_the_capture_table_is_not_in_the_console(self) -> None:
        assert "ledger/change/" not in self.page("admin:index")

    @pytest.mark.asvs("14.2.4", "16.4.2")
    def test_a_handler_and_an_employee_do_not_see_the_trail(self) -> None:
        for user in (make_hana(granted=False), make_emin()):
            client = Client()
            client.force_login(user)
            for name in (ENTRIES, ACCESS, "admin:ledger_checkpoint_changelist", "admin:ledger_verify"):
                assert client.get(reverse(name)).status_code in (302, 403)


@pytest.fixture
def console(portal_database: PortalDatabase, tmp_path: Path) -> Client:
    """Aram signed in, on a log of 300 signed entries."""
    aram = make_aram()
    notary = make_notary(tmp_path)
    make_entries(portal_database, 300)
    seal(portal_database)
    sign(portal_database, notary)
    client = Client()
    client.force_login(User.objects.get(pk=aram.pk))
    with override_settings(
        NOTARY_STATE_DIR=tmp_path, MIRROR_DIR=tmp_path / "mirror", ANCHOR_DIR=tmp_path / "anchors",
        NOTARY_VKEYS=notary.signer.vkeys,
    ):  # fmt: skip
        yield client


def test_the_state_of_sealing_signing_and_anchoring(console: Client, portal_database: PortalDatabase) -> None:
    page = console.get(reverse("admin:ledger_checkpoint_changelist")).content.decode()
    assert ".checkpoint" in page
    assert "privacy.extrus.example/ledger+" in page


def test_a_refusal_of_the_notary_stands_on_top(console: Client, tmp_path: Path) -> None:
    (tmp_path / "refusal").write_text("1 rolled back: signed for 300 entries, the database has 5\n")
    assert (
        "rolled back: signed for 300 entries"
        in console.get(reverse("admin:ledger_checkpoint_changelist")).content.decode()
    )


def test_verify_now_hashes_again_and_after_a_superuser_s_update_names_the_entry(
    console: Client, portal_database: PortalDatabase
) -> None:
    adopt(portal_database)
    assert console.get(reverse("admin:ledger_verify")).status_code == 200
    answer = console.post(reverse("admin:ledger_verify"))
    assert answer.context["report"].code == verify.SOUND, answer.context["report"].findings
    tamper(
        portal_database,
        "UPDATE ledger.entry SET payload = replace(payload, 'tried', 'tired') WHERE word LIKE 'tests%' AND id = 250",
    )
    answer = console.post(reverse("admin:ledger_verify"))
    assert answer.context["report"].code == verify.ALTERED
    assert "entry 250 (index" in answer.content.decode()
    assert Entry.objects.filter(word=Event.VERIFIED).count() == 2


def test_a_proof_can_be_downloaded_and_checked(console: Client, tmp_path: Path) -> None:
    answer = console.get(reverse("admin:ledger_entry_proof", args=[250]))
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path / "proof")
    keys = [part for vkey in (tmp_path / "notary.key").parent.joinpath("mirror", "keys").read_text().split()
            for part in ("--key", vkey)]  # fmt: skip
    proof, entry = tmp_path / "proof" / "250.tlog-proof", tmp_path / "proof" / "250.entry"
    assert verify.main(["proof", str(proof), "--entry", str(entry), *keys]) == 0
    assert Entry.objects.filter(word=Event.PROOF_ISSUED, about="ledger.entry:250").exists()


def test_an_entry_that_is_not_signed_yet_has_no_proof(console: Client, portal_database: PortalDatabase) -> None:
    make_entries(portal_database, 1)
    newest = Entry.objects.order_by("-id").values_list("id", flat=True).first()
    answer = console.get(reverse("admin:ledger_entry_proof", args=[newest]))
    assert (answer.status_code, answer.url) == (302, reverse("admin:ledger_entry_change", args=[newest]))


def test_a_bundle_needs_a_reason_and_is_on_record_before_it_leaves(console: Client, tmp_path: Path) -> None:
    address = reverse("admin:ledger_bundle")
    assert console.post(address, {"reason": ""}).status_code == 200
    assert not Entry.objects.filter(word=Event.EXPORTED).exists()
    answer = console.post(address, {"reason": "yearly audit"})
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        packed.extractall(tmp_path)
    key = (tmp_path / "ledger-bundle" / "keys").read_text().split()[0]
    assert verify.main([str(tmp_path / "ledger-bundle"), "--key", key]) == 0
    entry = Entry.objects.get(word=Event.EXPORTED)
    assert '"reason":"yearly audit"' in entry.payload
    assert '"sha256"' in entry.payload
    # A bundle holds entries, of which each says whose data it was: their number is no number of people.
    assert register.handled_subjects(entry) == ""


@pytest.mark.truth("bundle-incomplete")
def test_a_bundle_of_a_trail_with_a_hole_is_refused_with_what_to_do(
    console: Client, portal_database: PortalDatabase
) -> None:
    tamper(portal_database, "DELETE FROM ledger.entry WHERE id = 250")
    answer = console.post(reverse("admin:ledger_bundle"), {"reason": "yearly audit"})
    assert answer.status_code == 200
    assert "감사 기록을 검증하면" in answer.content.decode()
    assert 'value="yearly audit"' in answer.content.decode()
    assert not Entry.objects.filter(word=Event.EXPORTED).exists()


@pytest.mark.truth("notary-refusal-on-another-host")
def test_a_refusal_of_a_notary_on_another_host_stands_on_top_until_it_signs_again(
    console: Client, portal_database: PortalDatabase, tmp_path: Path
) -> None:
    address = reverse("admin:ledger_checkpoint_changelist")
    notary = make_notary(tmp_path)
    payload = '{"word":"ledger.notary.refused","actor":"system:notary","facts":{"reason":"the mirror is damaged"}}'
    with portal_database.connect("portal_notary") as connection:
        connection.execute("SELECT ledger.append('denied', %s)", [payload])
    assert "the mirror is damaged" in console.get(address).content.decode()
    seal(portal_database)
    sign(portal_database, notary)
    assert "the mirror is damaged" not in console.get(address).content.decode()


@pytest.mark.truth("a-capped-count-says-so")
def test_a_list_that_was_not_counted_to_its_end_does_not_give_the_cap_as_its_number(
    console: Client, portal_database: PortalDatabase
) -> None:
    """An auditor who asked for an account's entries read that there are 501, however many there are."""
    address = reverse("admin:ledger_entry_changelist")

    def number(**asked: str) -> str:
        shown = re.search(r"<span>([^<]*)</span>", console.get(address, asked).content.decode().split("paginator")[1])
        assert shown is not None
        return unescape(shown[1]).strip()

    assert number(account="system:tests") == str(Entry.objects.by("system:tests").count())
    make_entries(portal_database, 300)
    assert number(account="system:tests") == "500건 초과"
    seal(portal_database)
    assert number() == f"약 {Tree.objects.latest('size').size}건"


@pytest.mark.truth("no-such-day")
@pytest.mark.parametrize("asked", [{"since": "2026-99-99"}, {"until": "yesterday"}])
def test_a_day_that_is_none_lists_nothing_and_not_everything(console: Client, asked: dict[str, str]) -> None:
    page = console.get(reverse("admin:ledger_entry_changelist"), asked)
    assert page.status_code == 200
    assert list(page.context["cl"].result_list) == []
