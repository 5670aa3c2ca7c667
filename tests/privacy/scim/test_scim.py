"""The company's directory opens accounts without access and ends everything of a leaver (RFC 7643, RFC 7644)."""

import json
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from time import monotonic
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.db import connection, connections, transaction
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from privacy.accounts import actions as accounts
from privacy.accounts.models import AccessGrant, AccessRequest, AccountAct, User
from privacy.jobs.dispatcher import dispatch_due
from privacy.jobs.models import GeneralOutbox
from privacy.ledger.entries import autocommit
from privacy.ledger.models import Entry
from privacy.lib.dates import clock
from privacy.office_api import actions as office_api
from privacy.office_api.models import Credential
from privacy.safeguards import actions as safeguards
from privacy.safeguards.models import Calendar
from privacy.scim import actions as scim
from privacy.scim.models import ProvisioningCredential
from privacy.scim.refusals import SamePerson, WrongState
from tests import factory, process_roles
from tests.base import PortalTestCase
from tests.database import PortalDatabase
from tests.factories.systems import make_ines
from tests.privacy.accounts.test_sessions import signed_in
from tests.privacy.retention.test_races import at_once

USER = "urn:ietf:params:scim:schemas:core:2.0:User"
PATCH = "urn:ietf:params:scim:api:messages:2.0:PatchOp"
ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
# Of locks alone: who is connected is read once in a transaction.
WAITING = (
    "SELECT count(*) FROM pg_locks JOIN pg_database d ON d.oid = database"
    " WHERE datname = current_database() AND NOT granted AND locktype = 'advisory'"
)
# RFC 7644, 3.3, with the core schema's mail address.
BARBARA = {
    "schemas": [USER], "userName": "bjensen@extrus.example", "externalId": "bjensen",
    "name": {"formatted": "Ms. Barbara J Jensen III", "familyName": "Jensen", "givenName": "Barbara"},
}  # fmt: skip
# As Entra ID and Okta document what they send to end an account.
ENDINGS: dict[str, Any] = {
    "entra": {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "False"}]},
    "entra-strict": {"schemas": [PATCH], "Operations": [{"op": "replace", "path": "active", "value": False}]},
    "entra-old": {
        "schemas": [PATCH],
        "Operations": [{"op": "Replace", "path": "active", "value": [{"$ref": None, "value": "False"}]}],
    },
    "okta": {"schemas": [PATCH], "Operations": [{"op": "replace", "value": {"active": False}}]},
}  # fmt: skip


class ScimCase(PortalTestCase):
    @pytest.fixture(autouse=True)
    def pages_answer(self, settings: Any) -> None:
        process_roles.answer_as_processes(settings)

    def setUp(self) -> None:
        self.now = clock.now()
        self.odile, self.ines = factory.make_officer(), make_ines()
        made = scim.ask_credential(title="Entra ID", actor=self.odile, at=self.now)
        self.token = made.token
        scim.approve_credential(made.row, actor=self.ines, at=self.now)

    def call(
        self, method: str, path: str, body: Any = None, *, token: str | None = None, **headers: str
    ) -> HttpResponse:
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token if token is None else token}", **headers}
        return self.client.generic(
            method, f"/scim/v2/{path}", content, headers=sent, content_type="application/scim+json"
        )

    def ok(self, method: str, path: str, body: Any = None, *, status: int = 200, **headers: str) -> Any:
        response = self.call(method, path, body, **headers)
        assert response.status_code == status, response.content.decode()
        return json.loads(response.content) if response.content else None

    def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        response = self.call(method, path, body, **options)
        said = json.loads(response.content)
        assert said["schemas"] == [ERROR] and said["status"] == str(response.status_code)
        assert response.headers["Content-Type"] == "application/scim+json"
        return response.status_code, said.get("scimType", "")

    def find(self, name: str) -> Any:
        return self.ok("GET", f'Users?filter=userName eq "{name}"&startIndex=1&count=100')


class AccountTests(ScimCase):
    def test_an_account_is_opened_found_and_opens_nothing(self) -> None:
        assert self.find("bjensen@extrus.example")["totalResults"] == 0
        made = self.ok("POST", "Users", BARBARA, status=201)
        assert made["userName"] == BARBARA["userName"] and made["active"] is True and made["externalId"] == "bjensen"
        user = User.objects.get(pk=made["id"])
        assert user.roles == [] and not user.has_usable_password() and user.name == "Ms. Barbara J Jensen III"
        for asked in ('userName eq "BJENSEN@extrus.example"', 'externalId eq "bjensen"', f'id eq "{made["id"]}"',
                      'emails[type eq "work"].value eq "bjensen@extrus.example"'):  # fmt: skip
            assert [one["id"] for one in self.ok("GET", f"Users?filter={asked}")["Resources"]] == [made["id"]], asked
        assert self.refused("POST", "Users", BARBARA) == (409, "uniqueness")
        # An account that officers opened is found too, so that the directory can end it.
        assert self.find(self.odile.email)["Resources"][0]["id"] == str(self.odile.pk)
        entry = self.assertLedgered("scim.call.made")
        assert (entry.kind, entry.actor) == ("read", "system:scim")

    @pytest.mark.asvs("7.6.1")
    @pytest.mark.clause("P8.8")
    def test_whoever_leaves_loses_everything_at_once_and_gets_nothing_back(self) -> None:
        for number, (who, body) in enumerate(ENDINGS.items()):
            leaver = factory.make_user(f"leaver{number}@extrus.example", who, "officer", "handler")
            signed_in(leaver)
            factory.give_app(leaver)
            office_api.issue_token(title="crm", scopes=["cases.read"], actor=leaver, at=self.now)
            safeguards.create_calendar_feed(language="ko", actor=leaver, at=self.now)
            accounts.ask_account(
                email=f"new{number}@extrus.example", name="New", role="handler", is_outside=False, reason="x",
                actor=leaver, at=self.now,
            )  # fmt: skip
            asked = scim.ask_credential(title="Okta", actor=leaver, at=self.now)
            shown = self.ok("PATCH", f"Users/{leaver.pk}", body)
            assert shown["active"] is False
            self.assertLedgered("accounts.user.deactivated", leaver)
            self.nothing_is_left(leaver)
            assert asked.row.reference
            # A repetition changes nothing, and another attempt by the whole resource neither.
            assert self.ok("PATCH", f"Users/{leaver.pk}", body)["active"] is False
            back = {"schemas": [PATCH], "Operations": [{"op": "Replace", "path": "active", "value": "True"}]}
            assert self.ok("PATCH", f"Users/{leaver.pk}", back)["active"] is True
            self.assertLedgered("accounts.user.reactivated", leaver)
            self.nothing_is_left(leaver)
            assert User.objects.get(pk=leaver.pk).roles == []

    def nothing_is_left(self, leaver: User) -> None:
        today = clock.kst_date(self.now)
        assert not AccessGrant.objects.filter(user=leaver).living(on=today).exists()
        assert not Credential.objects.filter(owner=leaver, revoked_at=None).exists()
        assert not Calendar.objects.filter(user=leaver, revoked_at=None).exists()
        assert not AccountAct.objects.open().filter(asked_by=leaver.ref).exists()
        assert not AccessRequest.objects.filter(user=leaver, state="open").exists()
        assert not any(str(leaver.pk) in str(one.get_decoded()) for one in Session.objects.all())
        user = User.objects.get(pk=leaver.pk)
        assert not user.has_usable_password() and not user.authenticator_set.exists()  # type: ignore[attr-defined]

    def test_access_ends_whatever_else_the_call_holds(self) -> None:
        made = self.ok("POST", "Users", BARBARA, status=201)
        whole = {
            **BARBARA, "userName": "barbara.married@extrus.example", "active": False, "roles": [{"value": "officer"}],
        }  # fmt: skip
        assert self.refused("PUT", f"Users/{made['id']}", {**whole, "active": True}) == (400, "mutability")
        shown = self.ok("PUT", f"Users/{made['id']}", whole, **{"If-Match": 'W/"old"'})
        assert shown["active"] is False and shown["userName"] == BARBARA["userName"]
        end = {"op": "replace", "path": "active", "value": False}
        beside: list[Any] = [
            {"op": "replace", "path": "externalId", "value": 7}, {"op": "replace", "path": "userName", "value": None},
            {"op": "replace", "path": "a[", "value": 1}, {"op": "move", "path": "title"}, {"op": "remove"}, [],
        ]  # fmt: skip
        calls: list[tuple[str, Any]] = [("PATCH", {"schemas": [PATCH], "Operations": [one, end]}) for one in beside]
        calls += [("PATCH", {"schemas": [PATCH], "Operations": [end, one]}) for one in beside]
        calls += [("PUT", {**BARBARA, "active": "False", name: [7]}) for name in ("externalId", "userName", "schemas")]
        row = User.objects.filter(pk=made["id"])
        for method, body in calls:
            row.update(is_active=True, left_at=None)
            assert self.ok(method, f"Users/{made['id']}", body)["active"] is False, body
            # What asks for no end is refused for the same error, and what opens nothing is not opened by it.
            opening = json.loads(json.dumps(body).replace("false", "true").replace('"False"', "true"))
            assert self.refused(method, f"Users/{made['id']}", opening)[0] == 400, opening
            assert not row.get().is_active
        # The last word counts, as without an error.
        twice = {"schemas": [PATCH], "Operations": [end, {**end, "value": True}]}
        assert self.ok("PATCH", f"Users/{made['id']}", twice)["active"] is True

    def test_an_address_that_is_another_s_user_name_hinders_no_end(self) -> None:
        made = self.ok("POST", "Users", {**BARBARA, "userName": "hana@extrus.example", "emails": [
            {"value": "bjensen@extrus.example"}]}, status=201)  # fmt: skip
        hana = factory.make_user("hana@extrus.example", "Hana", "handler")
        assert [one["id"] for one in self.find("HANA@extrus.example")["Resources"]] == [made["id"]]
        self.ok("DELETE", f"Users/{hana.pk}", status=204)
        assert not User.objects.get(pk=hana.pk).is_active
        assert User.objects.get(pk=made["id"]).is_active

    def test_a_removed_account_is_gone_for_the_directory_and_stays_on_the_register(self) -> None:
        made = self.ok("POST", "Users", BARBARA, status=201)
        version = made["meta"]["version"]
        assert self.call("GET", f"Users/{made['id']}", **{"If-None-Match": version}).status_code == 304
        assert self.refused("PUT", f"Users/{made['id']}", BARBARA, **{"If-Match": 'W/"old"'})[0] == 412
        # Access ends by an old version too.
        self.ok("DELETE", f"Users/{made['id']}", status=204, **{"If-Match": 'W/"old"'})
        for method in ("GET", "DELETE"):
            assert self.refused(method, f"Users/{made['id']}")[0] == 404
        assert self.find("bjensen@extrus.example")["totalResults"] == 0
        assert not User.objects.get(pk=made["id"]).is_active
        again = self.ok("POST", "Users", BARBARA, status=201)
        assert again["id"] == made["id"] and again["active"] is True

    def test_the_last_officer_s_access_ends_too_and_an_alarm_is_raised(self) -> None:
        for officer in User.objects.holding("officer", on=clock.today()):
            self.ok("PATCH", f"Users/{officer.pk}", ENDINGS["okta"])
        assert not User.objects.holding("officer", on=clock.today()).exists()
        self.assertLedgered("accounts.office.unmanned")
        # Whoever was no officer leaves an office that is no more unmanned than before.
        self.ok("PATCH", f"Users/{factory.make_handler().pk}", ENDINGS["okta"])
        assert Entry.objects.filter(word="accounts.office.unmanned").count() == 1
        dispatch_due(at=clock.now())
        with self.settings(REPRESENTATIVE_EMAIL=""):
            assert GeneralOutbox.objects.filter(kind="accounts.office-unmanned").exists()

    @pytest.mark.asvs("8.2.3", "15.3.3")
    def test_roles_are_never_granted_here(self) -> None:
        for roles in (
            {"roles": [{"value": "officer"}]},
            {"groups": [{"value": "1"}]},
            {"entitlements": [{"value": "x"}]},
        ):
            assert self.refused("POST", "Users", {**BARBARA, **roles}) == (400, "mutability")
        assert not User.objects.filter(email=BARBARA["userName"]).exists()
        assert self.refused("GET", "Groups")[0] == 501
        kinds = self.ok("GET", "ResourceTypes")["Resources"]
        assert [one["endpoint"] for one in kinds] == ["/Users"]
        assert self.ok("GET", "ServiceProviderConfig")["patch"] == {"supported": True}
        assert self.ok("GET", f"Schemas/{USER}")["id"] == USER
        self.ok("GET", "Schemas")


class DoorTests(ScimCase):
    def test_a_token_works_once_two_people_let_it_and_only_its_hash_is_kept(self) -> None:
        made = scim.ask_credential(title="Okta", actor=self.odile, at=self.now)
        assert self.refused("GET", "Users", token=made.token)[0] == 401, "not approved"
        with pytest.raises(SamePerson):
            scim.approve_credential(made.row, actor=self.odile, at=self.now)
        with pytest.raises(WrongState, match="만료"):
            scim.approve_credential(made.row, actor=self.ines, at=made.row.expires_at)
        assert made.token not in str(ProvisioningCredential.objects.values())
        for token in ("", "sc_x", "of_" + "x" * 43, "sc_" + "x" * 9_000):
            assert self.refused("GET", "Users", token=token)[0] == 401
        row = ProvisioningCredential.objects.get(approved_at__isnull=False)
        # It belongs to the office: it works on when whoever asked for it leaves.
        self.ok("PATCH", f"Users/{self.odile.pk}", ENDINGS["entra"])
        ProvisioningCredential.objects.filter(pk=row.pk).update(expires_at=row.asked_at + timedelta(microseconds=1))
        assert self.refused("GET", "Users")[0] == 401, "expired"
        ProvisioningCredential.objects.filter(pk=row.pk).update(expires_at=row.expires_at)
        self.ok("GET", "Users")
        ProvisioningCredential.objects.filter(pk=row.pk).update(rate=1)
        assert 429 in [self.call("GET", "Users").status_code for _each in range(4)]
        scim.revoke_credential(row, actor=self.ines, at=self.now)
        assert self.refused("GET", "Users")[0] == 401, "revoked"

    def test_the_console_shows_a_token_once(self) -> None:
        console = signed_in(self.odile)
        new = reverse("admin:scim_provisioningcredential_new")
        assert new in console.get(reverse("admin:scim_provisioningcredential_changelist")).content.decode()
        page = console.post(new, {"title": "Okta", "days": "30"}).content.decode()
        token = page.partition('class="once">')[2].partition("<")[0]
        row = ProvisioningCredential.objects.get(title="Okta")
        record = console.get(reverse("admin:scim_provisioningcredential_change", args=[row.pk])).content.decode()
        assert token.startswith("sc_") and token not in record and row.hint in record
        assert signed_in(factory.make_handler()).get(new).status_code == 403

    @pytest.mark.asvs("1.4.2", "1.5.3", "2.2.1")
    def test_hostile_calls_are_refused_as_scim_does(self) -> None:
        user = self.ok("POST", "Users", BARBARA, status=201)["id"]
        source = random.Random(20_261_128)
        odd: list[Any] = [
            None, [], {}, 0, -1, 1.5, True, "", "x" * 9_000, "\ud800", "\x00", [[]], {"a": []},
            [{"value": "False"}] * 3,
        ]  # fmt: skip
        paths = [
            "active",
            "userName",
            'emails[type eq "work"].value',
            "name.givenName",
            "a[",
            "]",
            "\x00",
            "x" * 9_000,
            "",
        ]
        for _each in range(150):
            value, path = source.choice(odd), source.choice(paths)
            bodies: list[Any] = [
                {"schemas": source.choice([[PATCH], [], "x", None]),
                 "Operations": source.choice([odd, [{"op": source.choice(["Add", "replace", "REMOVE", "x", 3]),
                                                     "path": path, "value": value}]])},
                {**BARBARA, source.choice(["userName", "active", "name", "emails", "schemas", "externalId"]): value},
                value,
            ]  # fmt: skip
            body = source.choice(bodies)
            method = source.choice(["POST", "PUT", "PATCH", "GET", "DELETE", "TRACE", "HEAD"])
            where = source.choice(["Users", f"Users/{user}", "Users/x", "Users/%00", "Me", "Bulk", "Groups/1", ""])
            content = json.dumps(body).encode() if source.random() > 0.1 else b'{"a":1,"a":' + b"[" * 500
            response = self.call(method, where, content)
            assert response.status_code < 500 or response.status_code == 501, (method, where, body, response.content)
        for query in (
            "filter=x", 'filter=userName eq "\\ud800"', "startIndex=x", "count=-1", "count=99999999999", "startIndex=0",
            'filter=userName eq "a" or 1 eq 1', "filter=userName%00eq",
        ):  # fmt: skip
            assert self.call("GET", f"Users?{query}").status_code in (200, 400), query
        twice = json.dumps({**BARBARA, "userName": "first"})[:-1] + ', "userName": "second"}'
        assert self.call("POST", "Users", twice.encode()).status_code == 400
        assert self.client.generic("POST", "/scim/v2/Users", b"x=1", content_type="text/plain").status_code == 401
        assert User.objects.get(pk=self.odile.pk).is_active


def test_two_calls_at_once_end_one_account_once(portal_database: PortalDatabase) -> None:
    at = clock.now()
    made = scim.ask_credential(title="Entra ID", actor=factory.make_officer(), at=at)
    scim.approve_credential(made.row, actor=make_ines(), at=at)
    hana = factory.make_handler()
    factory.give_app(hana)

    def end(body: Any) -> HttpResponse:
        return Client(raise_request_exception=False).generic(
            "PATCH", f"/scim/v2/Users/{hana.pk}", json.dumps(body).encode(), content_type="application/scim+json",
            headers={"Authorization": f"Bearer {made.token}"},
        )  # fmt: skip

    def opened() -> HttpResponse:
        return Client(raise_request_exception=False).generic(
            "POST", "/scim/v2/Users", json.dumps(BARBARA).encode(), content_type="application/scim+json",
            headers={"Authorization": f"Bearer {made.token}"},
        )  # fmt: skip

    answers = at_once(lambda: end(ENDINGS["entra"]), lambda: end(ENDINGS["okta"]))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert Entry.objects.filter(word="accounts.user.deactivated").count() == 1
    answers = at_once(opened, opened)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    # What was closed before its factors went with it loses them as it is opened again.
    User.objects.filter(pk=hana.pk).update(is_active=True, left_at=None)
    factory.give_app(hana)
    User.objects.filter(pk=hana.pk).update(is_active=False, left_at=at)
    accounts.reactivate_user(hana, actor=factory.TESTS, at=at)
    assert not hana.authenticator_set.exists()  # type: ignore[attr-defined]


def test_two_last_officers_who_are_closed_at_once_raise_the_alarm(portal_database: PortalDatabase) -> None:
    at = clock.now()
    one, other = factory.make_officer(), make_ines()
    for officer in User.objects.holding("officer", on=clock.today()).exclude(pk__in=[one.pk, other.pk]):
        accounts.deactivate_user(officer, why="x", actor=factory.TESTS, at=at)

    def close() -> None:
        try:
            accounts.deactivate_user(other, why="x", actor=factory.TESTS, at=at)
        finally:
            autocommit.close()
            connections.close_all()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            accounts.deactivate_user(one, why="x", actor=factory.TESTS, at=at)
            closing = pool.submit(close)
            until = monotonic() + 30
            waiting = 0
            while not waiting and not closing.done() and monotonic() < until:
                with connection.cursor() as cursor:
                    cursor.execute(WAITING)
                    (waiting,) = cursor.fetchone() or (0,)
        closing.result(30)
    assert Entry.objects.filter(word="accounts.office.unmanned").count() == 1
