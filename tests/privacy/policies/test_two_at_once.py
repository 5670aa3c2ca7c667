"""Two people who press the same button at once: one publishes, the other is told that it is done."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from django.db import connections

from privacy.lib.refusals import Refusal
from privacy.policies import actions as policies
from privacy.policies.models import Notice, PolicyVersion
from tests import factory
from tests.database import PortalDatabase
from tests.factories.accounts import NOON


def test_a_version_is_published_once_however_many_press(portal_database: PortalDatabase) -> None:
    version = factory.make_version_under_review()
    policies.approve(version, actor=factory.make_odile(granted=False), at=NOON)
    pressers = [factory.make_odile(granted=False), factory.make_omar()]
    together = Barrier(2)

    def press(officer: object) -> str:
        try:
            together.wait(timeout=10)
            policies.publish(version, actor=officer, at=NOON)  # type: ignore[arg-type]
        except Refusal as refusal:
            return refusal.code
        finally:
            connections.close_all()
        return "published"

    with ThreadPoolExecutor(2) as pool:
        outcomes = sorted(pool.map(press, pressers))
    assert outcomes == ["not-under-review", "published"]
    assert PolicyVersion.objects.public().count() == 2
    assert Notice.objects.count() == 1
