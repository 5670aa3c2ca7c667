"""What it costs that another process holds the keys: the same work with the key service and with its policy in process.

Both are measured in turns in one run, with keys that no process has kept.
"""

import argparse
from collections.abc import Callable
from typing import Any

import vault as vault_benchmark
from harness import Figure, embedded_database, interleaved_medians, key_service, print_figures, throughput_figure

from privacy.policies.categories import SERVICE_ANALYTICS

LABEL = vault_benchmark.LABEL


def main() -> None:
    """Run all parts on a database of their own, with a key service beside it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    if options.quick:
        options.rounds = 5
    sizes = argparse.Namespace(batch=500, people=100, rounds=options.rounds, epoch_rows=0, subject_rows=0, keys=0)
    with embedded_database(), key_service():
        bench = vault_benchmark.Bench(sizes)
        figures = [reading(bench, people=100), reading(bench, people=10_000), opening(bench), *sealing(bench)]
    print_figures("The key service", figures)


def in_turns(rounds: int, work: Callable[[], Any], *, process: str = "pages") -> list[float]:
    """Return the median seconds of a work with the key service and without, in turns."""
    from django.conf import settings

    def where(mode: str) -> None:
        settings.KEY_SERVICE, settings.PORTAL_PROCESS = mode, process
        work()

    where("socket")
    return interleaved_medians(rounds, lambda: where("socket"), lambda: where("in-process"))


def reading(bench: Any, *, people: int) -> Figure:
    """10,000 rows through one door: the record, the keys of all, the plaintext."""
    from privacy.vault.fields import EncryptedValue

    count = 10_000
    everybody = [bench.new_id() for _person in range(people)]
    ids = [bench.new_id() for _row in range(count)]
    whose = [everybody[number % people] for number in range(count)]
    boxes = bench.vault.encrypt_batch(
        [(LABEL, "body", row, person, SERVICE_ANALYTICS, b"x" * 150) for row, person in zip(ids, whose, strict=True)],
        bench.at,
    )
    rows = [
        bench.model(id=row, subject_id=person, body=EncryptedValue(box))
        for row, person, box in zip(ids, whose, boxes, strict=True)
    ]

    def read() -> None:
        bench.keys.caches.here().clear()
        with bench._door() as vault_session:
            for _row, value in vault_session.decrypt_many(rows, "body"):
                assert value is not None

    service, inside = in_turns(bench.options.rounds, read)
    what = f"{count:,} rows of {people:,} people through one door, with the service and without"
    return throughput_figure(f"service_read_{people}", count / service, count / inside, "rows/s", what)


def opening(bench: Any) -> Figure:
    """One value of one record, with its record."""
    from privacy.vault.fields import EncryptedValue

    row, person = bench.new_id(), bench.people[0]
    (box,) = bench.vault.encrypt_batch([(LABEL, "body", row, person, SERVICE_ANALYTICS, b"x" * 150)], bench.at)
    record = bench.model(id=row, subject_id=person, body=EncryptedValue(box))

    def read() -> None:
        bench.keys.caches.here().clear()
        with bench._door() as vault_session:
            vault_session.decrypt(record, "body")

    service, inside = in_turns(bench.options.rounds * 10, read)
    return throughput_figure(
        "service_open", 1 / service, 1 / inside, "1/s", "one value opened, with the service and without"
    )


def sealing(bench: Any) -> list[Figure]:
    """A batch of intake: its people's keys are asked for, then kept."""
    ids = [bench.new_id().bytes for _row in range(bench.options.batch)]
    people = [person.bytes for person in bench.people]
    places = [number % len(people) for number in range(len(ids))]
    month = bench.vault.month_of(bench.at)
    column = bench.vault.PlaintextColumn(
        LABEL, "body", SERVICE_ANALYTICS, month, people, places, ids, [b"x" * 150] * len(ids)
    )

    def cold() -> None:
        bench.keys.caches.here().clear()
        bench.vault.encrypt_columns([column], bench.at)

    def warm() -> None:
        bench.vault.encrypt_columns([column], bench.at)

    figures = []
    for name, work, what in (
        ("service_seal_new", cold, "a batch of people whose keys are asked for"),
        ("service_seal", warm, "a batch of people whose keys are kept, as intake mostly is"),
    ):
        service, inside = in_turns(bench.options.rounds * 3, work, process="intake")
        rate = bench.options.batch
        figures.append(throughput_figure(name, rate / service, rate / inside, "rows/s", what))
    return figures


if __name__ == "__main__":
    main()
