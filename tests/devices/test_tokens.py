"""Gateway tokens: hashed at rest, scoped, expiring, rotated without a gap, revocable, limited in rate."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from devices import actions as devices
from devices.models import Gateway, GatewayToken, Scope
from privacy.ledger.actors import SystemActor
from privacy.ledger.authorization import NotPermitted
from tests import factory
from tests.devices.base import ApiTestCase
from tests.own_writes import as_the_portal

TESTS = SystemActor("tests")


class TokenTest(ApiTestCase):
    def row(self) -> GatewayToken:
        return GatewayToken.objects.get(hint=self.token[:8])

    @pytest.mark.asvs("11.4.1", "11.5.1")
    def test_only_a_hash_of_256_random_bits_is_kept(self) -> None:
        row = self.row()
        assert len(self.token) >= 43
        assert len(bytes(row.digest)) == 32
        assert self.token not in str(GatewayToken.objects.values())

    def test_no_token_a_wrong_one_and_another_scheme_get_the_same_answer(self) -> None:
        attempts: list[dict[str, str]] = [
            {}, {"Authorization": "Bearer"}, {"Authorization": "Bearer gw_wrong"},
            {"Authorization": f"Basic {self.token}"}, {"Authorization": f"Bearer {self.token}x"},
            {"Authorization": "Bearer " + "x" * 5000},
        ]  # fmt: skip
        answers = [
            self.client.post("/api/v1/reports", b"{}", content_type="application/json", headers=headers)
            for headers in attempts
        ]
        for answer in answers:
            self.assertProblem(answer, 401, "unauthenticated")
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
            assert answer.content == answers[0].content

    @pytest.mark.asvs("8.3.2", "13.3.4")
    def test_an_expired_or_revoked_token_and_a_closed_gateways_do_not_work(self) -> None:
        device = self.device()
        assert self.send(self.report(device)).status_code == 200
        GatewayToken.objects.update(issued_at=self.now - timedelta(days=2), expires_at=self.now - timedelta(seconds=1))
        self.assertProblem(self.send(self.report(device)), 401, "unauthenticated")
        GatewayToken.objects.update(expires_at=self.now + timedelta(days=1))
        devices.revoke_token(self.row(), actor=TESTS, at=self.now)
        self.assertProblem(self.send(self.report(device)), 401, "unauthenticated")
        other = factory.make_token(at=self.now)
        assert self.send(self.report(device), token=other).status_code == 200
        devices.close_gateway(Gateway.objects.get(), actor=TESTS, at=self.now)
        self.assertProblem(self.send(self.report(device), token=other), 401, "unauthenticated")

    @pytest.mark.asvs("8.2.1", "8.3.1", "16.3.2")
    def test_each_call_needs_its_scope(self) -> None:
        """With every other scope a token is refused, which is in the log; with this one alone it is let in."""
        device = self.device()
        reports = ("POST /reports", "reports", "/reports", None)
        batch = factory.make_batch(self.report(device))
        calls = [(call, *rest) for call, rest in self.calls_about(device.id).items()] + [reports]
        assert {scope for _call, scope, _path, _body in calls} == set(Scope.values)
        alone = {one: factory.make_token(scopes=[one], at=self.now) for one in Scope.values}
        others = {
            one: factory.make_token(scopes=[other for other in Scope.values if other != one], at=self.now)
            for one in Scope.values
        }
        # A device that has a key signs from then on.
        calls.sort(key=lambda one: one[2].endswith("/signing-key"))
        for call, scope, path, body in calls:
            sent = {"raw": batch} if call == "POST /reports" else {"body": body}
            with self.assertLogs("django.request", "WARNING") as logs:
                self.assertProblem(self.call(call.split()[0], path, token=others[scope], **sent), 403, "not-permitted")
            assert any("Forbidden: /api/v1/" in line for line in logs.output), call
        for call, scope, path, body in calls:
            sent = {"raw": batch} if call == "POST /reports" else {"body": body}
            assert self.call(call.split()[0], path, token=alone[scope], **sent).status_code not in (401, 403), call

    def test_rotating_gives_a_new_token_while_the_old_one_goes_on(self) -> None:
        device = self.device()
        made = devices.rotate_token(self.row(), actor=TESTS, at=self.now)
        assert self.send(self.report(device), token=made.token).status_code == 200
        assert self.send(self.report(device)).status_code == 200
        assert self.row().expires_at == self.now + timedelta(days=7)
        assert made.row.scopes == self.row().scopes
        devices.revoke_token(self.row(), actor=TESTS, at=self.now)
        assert self.send(self.report(device), token=made.token).status_code == 200
        with self.assertRaises(devices.TokenNotUsable):
            devices.rotate_token(self.row(), actor=TESTS, at=self.now)
        self.assertLedgered("devices.token.rotated")

    def test_only_who_keeps_gateways_makes_tokens(self) -> None:
        gateway = factory.make_gateway()
        with self.assertRaises(NotPermitted):
            devices.issue_token(gateway, scopes=["reports"], actor=factory.make_hana(), at=self.now)
        self.assertLedgered("ledger.denied")
        assert devices.issue_token(gateway, scopes=["reports"], actor=factory.make_odile(), at=self.now).token

    @pytest.mark.attack("17.3")
    def test_what_an_officer_issues_or_rotates_opens_nothing_before_another_approved_it(self) -> None:
        device, odile, omar = self.device(), factory.make_odile(), factory.make_omar()
        issued = devices.issue_token(self.row().gateway, scopes=["reports"], actor=odile, at=self.now)
        for made in (issued, devices.rotate_token(self.row(), actor=odile, at=self.now)):
            said = self.send(self.report(device), token=made.token, **{"Accept-Language": "en"})
            assert "once another officer" in self.assertProblem(said, 401, "unauthenticated")["detail"]
            with self.assertRaises(devices.OwnToken):
                devices.approve_token(made.row, actor=odile, at=self.now)
            devices.approve_token(made.row, actor=omar, at=self.now)
            assert self.send(self.report(device), token=made.token).status_code == 200
            with self.assertRaises(devices.TokenNotUsable):
                devices.approve_token(made.row, actor=omar, at=self.now)
        revoked = devices.issue_token(self.row().gateway, scopes=["reports"], actor=odile, at=self.now)
        devices.revoke_token(revoked.row, actor=odile, at=self.now)
        with self.assertRaises(devices.TokenNotUsable):
            devices.approve_token(revoked.row, actor=omar, at=self.now)

    def test_what_never_worked_is_not_rotated(self) -> None:
        odile = factory.make_odile()
        issued = devices.issue_token(self.row().gateway, scopes=["reports"], actor=odile, at=self.now)
        with self.assertRaises(devices.TokenNotUsable):
            devices.rotate_token(issued.row, actor=odile, at=self.now)

    @pytest.mark.attack("17.11")
    def test_the_portals_role_brings_none_back(self) -> None:
        odile = factory.make_odile()
        devices.revoke_token(self.row(), actor=odile, at=self.now)
        for change in ({"revoked_at": None, "revoked_by": ""}, {"expires_at": self.now + timedelta(days=9_000)}):
            with as_the_portal(), self.assertRaises(IntegrityError), transaction.atomic():
                GatewayToken.objects.filter(pk=self.row().pk).update(**change)

    def test_a_token_needs_a_known_scope(self) -> None:
        for scopes in ([], ["everything"]):
            with self.assertRaises(devices.UnknownScope):
                devices.issue_token(factory.make_gateway(), scopes=scopes, actor=TESTS, at=self.now)

    @pytest.mark.asvs("2.3.2", "2.4.1")
    def test_more_requests_than_the_rate_are_told_to_wait(self) -> None:
        device = self.device()
        Gateway.objects.update(rate=3)
        answers = [self.send(self.report(device)) for _each in range(7)]
        statuses = [answer.status_code for answer in answers]
        # A minute may turn in between; then the counting starts anew, once: six at most are taken.
        assert 3 <= statuses.count(200) <= 6
        refused = answers[statuses.index(429)]
        self.assertProblem(refused, 429, "rate")
        assert 1 <= int(refused.headers["Retry-After"]) <= 60
        other = factory.make_token(at=self.now)
        assert self.send(self.report(device), token=other).status_code == 200

    def test_counts_of_past_minutes_are_forgotten(self) -> None:
        self.send(self.report(self.device()))
        assert devices.delete_expired_rates(at=self.now + timedelta(hours=1)) >= 1
