"""An incident on the console: the whole way by buttons, its list, its complaint."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils.translation import override

from privacy.incidents import actions as incidents
from privacy.incidents import notifications
from privacy.incidents.models import Incident
from privacy.jobs.dispatcher import dispatch_due
from tests import factory
from tests.factories.accounts import NOON
from tests.privacy.disclosures.smtp_server import mailbox
from tests.privacy.incidents.test_incidents import IncidentCase


class ConsoleTests(IncidentCase):
    def setUp(self) -> None:
        super().setUp()
        self.client.force_login(self.odile)

    def press(self, incident: Incident, name: str, **fields: object) -> bytes:
        address = reverse("admin:incidents_incident_change", args=[incident.pk])
        pressed = {"CHANGE_FORM-action": name, "_selected_action": str(incident.pk), "index": "0"}
        answer = self.client.post(address, {**pressed, **fields}, follow=True)
        assert answer.status_code == 200
        return answer.content

    def test_the_whole_way_by_buttons(self) -> None:
        from privacy.lib.dates import clock

        page = self.client.get(reverse("admin:incidents_incident_record"))
        assert page.status_code == 200
        aware = (clock.now() - timedelta(hours=2)).astimezone().strftime("%Y-%m-%dT%H:%M")
        self.client.post(
            reverse("admin:incidents_incident_record"),
            {"title": "Lost laptop", "kind": "loss", "certainty": "confirmed", "aware_at": aware},
        )
        incident = Incident.objects.get()
        with override("ko"):
            shown = self.client.get(reverse("admin:incidents_incident_change", args=[incident.pk])).content.decode()
        assert "시간 남음" in shown
        yes = {"confirmed": "yes"}
        described = {**factory.KNOWN, "title": "Lost laptop", "kind": "loss"}
        self.press(incident, "describe", **yes, **described)
        self.press(incident, "write_notice", **yes, **described)
        self.press(incident, "add_affected", **yes, lines=self.mina.reference)
        self.press(incident, "take_measure", **yes, what="wiped", taken_at=aware)
        asked = self.press(incident, "notify")
        assert "정경수".encode() in asked, "what will be said is shown before it goes out"
        incident.refresh_from_db()
        told = notifications.pending_individual_notices(incident)
        self.press(incident, "notify", **yes, read=incidents.digest_of_notice(incident, told, clock.today()))
        with mailbox():
            dispatch_due(at=clock.now())
        assert self.press(incident, "form_of_report").startswith(b"%PDF-")
        self.press(incident, "report", **yes, duty="breach", authority="pipc", reported_at=aware)
        stage = {notifications.next_public_notice(incident): []}
        self.press(incident, "website", **yes, read=incidents.digest_of_notice(incident, stage, clock.today()))
        self.press(incident, "propose", **yes, conclusion="encrypted now")
        self.client.force_login(self.omar)
        incident.refresh_from_db()
        self.press(incident, "close", **yes, read=incidents.digest_of_proposal(incident))
        incident.refresh_from_db()
        assert incident.state == "closed"
        assert incident.affected.count() == 1

    @pytest.mark.truth("pressed-twice")
    def test_a_form_sent_twice_records_one_incident(self) -> None:
        from privacy.lib.dates import clock

        address = reverse("admin:incidents_incident_record")
        mark = self.client.get(address).context["form"]["submission"].value()
        aware = (clock.now() - timedelta(hours=2)).astimezone().strftime("%Y-%m-%dT%H:%M")
        given = {"title": "Lost laptop", "kind": "loss", "certainty": "confirmed", "aware_at": aware}
        first, again = (self.client.post(address, {**given, "submission": mark}) for _time in range(2))
        assert first.headers["Location"] == again.headers["Location"]
        assert Incident.objects.count() == 1
        self.client.post(address, {**given, "submission": "another form"})
        assert Incident.objects.count() == 2

    def test_the_list_shows_the_hours_left(self) -> None:
        from privacy.lib.dates import clock

        factory.make_incident(aware_at=clock.now(), at=clock.now())
        page = self.client.get(reverse("admin:incidents_incident_changelist")).content.decode()
        assert "71" in page

    def test_a_complaint_is_tied_by_a_button(self) -> None:
        incident = factory.make_incident()
        complaint = incidents.file_complaint(explanation="zebra", at=NOON).complaint
        address = reverse("admin:incidents_complaint_change", args=[complaint.pk])
        pressed = {"CHANGE_FORM-action": "link", "_selected_action": str(complaint.pk), "index": "0"}
        self.client.post(address, {**pressed, "confirmed": "yes", "incident": str(incident.pk)})
        complaint.refresh_from_db()
        assert complaint.incident == incident
