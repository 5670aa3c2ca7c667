"""An office in the middle of its work: something in every register that a test of pages opens."""

from datetime import timedelta

from devices.models import Device
from privacy.lib import clock
from privacy.retention import actions as retention
from tests import factory


def set_scene() -> Device:
    """Make people's devices, what was provided of them, and cases in several states; return Mina's device."""
    at, on = clock.now(), clock.today()
    odile = factory.make_officer()
    factory.make_handler()
    device = factory.make_device(1, agreed=("activation", "app-log"), at=at - timedelta(days=40))
    factory.make_reports(device, ["status", "access-count", "app-log"], at=at - timedelta(days=2))
    factory.make_provided(device, "imei", at=at - timedelta(days=30))
    factory.make_disclosure(device, "model", at=at)
    for days in (14, 9, 3):
        factory.ask(at=at - timedelta(days=days), address=f"203.0.113.{days}")
    factory.make_verified(factory.ask(at=at - timedelta(days=5), address="203.0.113.50"), at=at)
    factory.ask_correction(at=at - timedelta(hours=3), address="203.0.113.60")
    factory.make_expired_device(2, ended_on=on - timedelta(days=3 * 366))
    run = factory.sweep_on(on)
    hold = factory.make_hold(at=at, subject_id=device.subject_id)
    retention.lift_hold(hold, reason="settled", actor=odile, at=at)
    assert run.due
    return device
