"""The connector is killed at random points of its work: it never says destroyed of what is still there.

A handful of kills in the suite; ``make faults`` kills 150 times each (``SCALE`` scales it, ``SEED`` repeats it).
"""

import http.client
import os
import random
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from psycopg import sql

from tests.database import server_connection
from tests.sdk.connector.portal_side import Answered
from tests.sdk.connector.served import Served, toml
from tests.seeds import drawn

SCALE = float(os.environ.get("SCALE", "1"))
SEED = drawn()
PEOPLE = 4_000
# Every tenth person is under a hold.
HELD_EACH = 10


def told_again(served: Served, verb: str, kill: Callable[[], None], **call: Any) -> Answered:
    """Call again with the same key until the system answers, as the portal does."""
    while True:
        kill()
        try:
            answered = served.portal.call(verb, ["email"], **call)
        except (OSError, http.client.HTTPException):
            served.end()
            served.start()
            continue
        if answered.status == 200:
            return answered
        assert answered.status in {202, 500, 503}, answered


def run(served: Served, held: Callable[[str], int], kills: int) -> None:
    print(f"SEED={SEED}, {kills} kills")
    dice, killed, waiting = random.Random(SEED), 0, list[threading.Timer]()

    def kill() -> None:
        nonlocal killed
        if dice.random() < 0.5 and killed < kills:
            killed += 1
            process = served.process
            assert process is not None
            waiting.append(threading.Timer(dice.uniform(0, 0.04), process.kill))
            waiting[-1].start()

    def calm() -> None:
        pass

    served.start()
    answers: list[tuple[dict[str, Any], Answered]] = []
    number = 0
    while killed < kills:
        number += 1
        device, under_hold = f"D{number}", number % HELD_EACH == 0
        call = {"person": {"reference": device}, "key": str(uuid4()), "task": str(uuid4())}
        if under_hold:
            frozen = told_again(served, "freeze", kill, **{**call, "key": str(uuid4()), "why": "hold"})
            assert frozen.told["counts"] == {"email": 1}
        answered = told_again(served, "destroy", kill, **call)
        expected = ("kept", {}) if under_hold else ("destroyed", {"email": 1})
        assert (answered.state, answered.told["counts"]) == expected
        assert held(device) == int(under_hold), f"{device}: {answered}"
        answers.append((call, answered))
    for timer in waiting:
        timer.join()
    for call, answered in answers[-20:]:
        assert told_again(served, "destroy", calm, **call) == answered
    assert sum(held(f"D{one}") for one in range(number + 1, number + 6)) == 5, "others are untouched"


def in_postgresql(folder: Path, kills: int) -> None:
    name = f"test_{os.getpid()}_{uuid4().hex[:8]}_kills"
    with server_connection() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        parts = server.info.get_parameters() | {"password": server.info.password, "dbname": name}
        dsn = psycopg.conninfo.make_conninfo(**parts)
        try:
            with psycopg.connect(dsn, autocommit=True) as look:
                look.execute("CREATE TABLE customer (device text PRIMARY KEY, mail text)")
                look.execute(
                    "INSERT INTO customer SELECT 'D' || n, n || '@example.org' FROM generate_series(1, %s) n", [PEOPLE]
                )
                system = {"kind": "postgresql", "dsn": dsn, "asks_freeze_list": True}
                table = {"name": "customer", "destroy": "row"}
                mapping = '[[system.tables]]\nfind = {reference = "device"}\nitems = {email = "mail"}\n'
                held = "SELECT count(*) FROM customer WHERE device = %s"
                with Served(folder, toml(system) + mapping + toml(table)) as served:
                    run(served, lambda device: int(look.execute(held, [device]).fetchall()[0][0]), kills)
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def in_csv(folder: Path, kills: int) -> None:
    rows = folder / "rows"
    rows.mkdir()
    for part in range(2):
        lines = [f"D{number},{number}@example.org\n" for number in range(1, PEOPLE) if number % 2 == part]
        (rows / f"{part}.csv").write_text("device,mail\n" + "".join(lines))
    mapping = '[[system.files]]\npattern = "*.csv"\nfind = {reference = "device"}\nitems = {email = "mail"}\n'
    with Served(folder, toml({"kind": "csv", "folder": "rows", "asks_freeze_list": True}) + mapping) as served:
        # Also what a killed rewriting left behind is looked through; the lock has nothing in it.
        run(served, lambda device: sum(f"\n{device}," in path.read_text() for path in rows.iterdir()), kills)


@pytest.mark.parametrize("system", [in_postgresql, in_csv])
def test_a_kill_never_makes_it_say_destroyed_of_what_is_there(system: Any, tmp_path: Path) -> None:
    system(tmp_path, 4)


@pytest.mark.faults
@pytest.mark.parametrize("system", [in_postgresql, in_csv])
def test_many_kills(system: Any, tmp_path: Path) -> None:
    system(tmp_path, max(2, int(150 * SCALE)))
