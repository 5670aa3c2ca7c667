"""Rights requests: an access package over many reports, a freeze until every path refuses, many notices at once."""

import argparse
import os
import resource
import statistics
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from harness import Figure, embedded_database, limit_figure, print_figures, timed

from privacy.policies.categories import DEVICE_REGISTRATION


def main() -> None:
    """Run all parts on a database of their own."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under a minute")
    parser.add_argument("--reports", type=int, default=10_000, help="reports in the package")
    parser.add_argument("--recipients", type=int, default=1_000, help="earlier recipients of one item")
    parser.add_argument("--rounds", type=int, default=25)
    options = parser.parse_args()
    if options.quick:
        options.reports, options.recipients, options.rounds = 2_000, 200, 7
    with embedded_database():
        bench = Bench(options)
        figures = [*bench.package(), bench.freeze(), *bench.notices()]
    print_figures("Rights requests", figures)


class Bench:
    def __init__(self, options: argparse.Namespace) -> None:
        from privacy.lib.dates import clock
        from tests import factory

        self.options = options
        self.factory = factory
        self.at = clock.now()
        self.odile = factory.make_officer()
        factory.make_handler()

    def package(self) -> list[Figure]:
        """Build the access package of a device with many reports, in a process of its own to see its memory."""
        from devices import actions as devices
        from privacy.rights import actions as rights
        from privacy.rights.actions import RequestedRight

        device = self.factory.make_device(1, at=self.at - timedelta(days=30))
        gate = self.factory.make_gate()
        for start in range(0, self.options.reports, 1_000):
            batch = [
                self.factory.make_report(device, "configuration", at=self.at - timedelta(minutes=number))
                for number in range(start, min(start + 1_000, self.options.reports))
            ]
            devices.store_reports(self.factory.make_batch(*batch), gateway=gate, at=self.at)
        receipt = self.factory.ask(
            RequestedRight("access"), target=self.factory.imei(1), answer_by="portal", address=""
        )
        right = self.factory.make_granted(receipt, at=self.at)

        def build() -> None:
            rights.carry_out(right, actor=self.odile, at=self.at)

        taken, megabytes = in_a_child(build)
        what = f"view package over {self.options.reports:,} reports"
        return [
            limit_figure("package_s", taken, 5, "s", what),
            limit_figure("package_mb", megabytes, 200, "MB", "memory it adds at its peak"),
        ]

    def freeze(self) -> Figure:
        """From a stranger's correction request until reading, providing and overwriting are refused."""
        times = []
        for number in range(self.options.rounds):
            device = self.factory.make_device(100 + number, at=self.at)
            paths = self.paths(device)
            started = time.perf_counter()
            self.factory.ask_correction(target=self.factory.imei(100 + number), at=self.at, address="")
            refused = [path() for path in paths]
            times.append(time.perf_counter() - started)
            assert all(refused), "a path let it through"
        what = "receipt of a correction until every path refuses"
        return limit_figure("freeze_ms", 1_000 * statistics.median(times), 100, "ms", what)

    def paths(self, device: Any) -> list[Callable[[], bool]]:
        """Return the ways that use, provide or overwrite an item; each says whether it was refused."""
        from devices import actions as devices
        from devices.models import Device
        from devices.refusals import FrozenItems
        from privacy.disclosures.item_values import read_items
        from privacy.vault import actions as vault
        from privacy.vault.purposes import Purpose

        gate = self.factory.make_gate()

        def opening(purpose: Purpose, use: Callable[[Any], object]) -> bool:
            with vault.opened(
                purpose=purpose, task="devices.device.exported", actor=self.odile, at=self.at, reason="bench"
            ) as vault_session:
                try:
                    use(vault_session)
                except vault.Frozen:
                    return True
            return False

        def overwrite() -> bool:
            changes = {"imei": self.factory.imei(9_999)}
            try:
                devices.update(device_id=device.id, changes=changes, gateway=gate, at=self.at)
            except FrozenItems:
                return True
            return False

        mine = Device.objects.filter(id=device.id)
        return [
            lambda: opening(Purpose.REGISTRATION, lambda vault_session: vault_session.decrypt(mine.get(), "imei")),
            lambda: opening(Purpose.REGISTRATION, lambda vault_session: list(vault_session.decrypt_many(mine, "imei"))),
            lambda: opening(
                Purpose.DISCLOSURE,
                lambda vault_session: list(
                    read_items(
                        vault_session, subject_id=device.subject_id, category=DEVICE_REGISTRATION, items={"imei"}
                    )
                ),
            ),
            overwrite,
        ]

    def notices(self) -> list[Figure]:
        """Queue a notice for each earlier recipient of one corrected item, in one transaction."""
        from django.db import transaction

        from privacy.disclosures import actions as disclosures
        from privacy.disclosures.models import DisclosedItem, Disclosure, Notice, ThirdParty

        device = self.factory.make_device(50_000, at=self.at)
        template = self.factory.make_provided(device, "imei", at=self.at).disclosure
        parties = ThirdParty.objects.bulk_create(
            ThirdParty(
                code=f"party-{number}", title=f"Party {number}", kind="maker", mailbox=f"p{number}@example.org",
                created_at=self.at,
            )
            for number in range(self.options.recipients)
        )  # fmt: skip
        copied = [field.name for field in Disclosure._meta.concrete_fields if field.name not in {"id", "reference"}]
        same = {name: getattr(template, name) for name in copied} | {"third_party": None}
        made = Disclosure.objects.bulk_create(Disclosure(**{**same, "third_party": party}) for party in parties)
        DisclosedItem.objects.bulk_create(
            DisclosedItem(
                disclosure=one, subject_id=device.subject_id, category=DEVICE_REGISTRATION, item="imei",
                value_digest=template.disclosed.get().value_digest,
            )
            for one in made
        )  # fmt: skip
        case = self.factory.ask_correction(
            target=self.factory.imei(50_000), at=self.at, address="", answer_by="portal"
        ).request

        def queue() -> None:
            with transaction.atomic():
                disclosures.queue_notices(
                    kind="corrected", case_id=case.id, case_reference=case.reference, subject_id=device.subject_id,
                    category=DEVICE_REGISTRATION, items=["imei"], actor=self.odile, at=self.at,
                )  # fmt: skip

        taken = 1_000 * timed(queue)
        assert Notice.objects.of_case(case.id).count() == self.options.recipients + 1
        what = f"{self.options.recipients + 1:,} notices queued in one transaction"
        return [limit_figure("notices_ms", taken, 1_000, "ms", what)]


def in_a_child(work: Callable[[], object]) -> tuple[float, float]:
    """Run ``work`` in a forked process; return its seconds and the megabytes it added at its peak."""
    from django.db import connections

    from privacy.ledger.entries import autocommit

    autocommit.close()
    connections.close_all()
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        try:
            taken = timed(work)
            added = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
            os.write(writer, f"{taken} {added}".encode())
        except BaseException as error:
            os.write(writer, f"failed {type(error).__name__}: {error}".encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    if not told or told.startswith("failed"):
        raise SystemExit(told or "the child died")
    first, second = told.split()
    return float(first), float(second)


if __name__ == "__main__":
    main()
