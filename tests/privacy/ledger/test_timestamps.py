"""Time stamps on checkpoints: asked of a real authority over HTTP, checked offline by a program of its own."""

import logging
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from privacy.ledger import verify, verify_timestamps
from privacy.ledger.checkpoints import timestamps
from privacy.ledger.checkpoints.notary import Notary
from privacy.ledger.checkpoints.signed_notes import checkpoint_text
from privacy.ledger.checkpoints.timestamps import Stamping
from tests.database import PortalDatabase
from tests.factories.ledger import make_entries, make_notary, seal, sign
from tests.privacy.ledger.time_stamp_authority import Authority, serving

pytestmark = [pytest.mark.clause("P8.3"), pytest.mark.attack("19.1")]


@pytest.fixture
def authority() -> Authority:
    return Authority()


@pytest.fixture
def stamped(portal_database: PortalDatabase, tmp_path: Path, authority: Authority) -> Iterator[Notary]:
    """A notary that asks this authority."""
    notary = make_notary(tmp_path)
    with serving(authority) as url:
        notary.stamping = Stamping(url)
        yield notary


def publish(database: PortalDatabase, notary: Notary) -> Path:
    """Seal something more, have it signed, wait for the authority, and return the anchored checkpoint."""
    make_entries(database, 3)
    seal(database)
    assert sign(database, notary)
    assert notary.stamping is not None and notary.stamping.running is not None
    notary.stamping.running.join()
    return newest(notary)


def newest(notary: Notary) -> Path:
    return max(notary.anchor.glob("*/*/*/*.checkpoint"), key=lambda path: path.name)


def check(path: Path, notary: Notary, authority: Authority, *, program: Path | None = None) -> tuple[int, str]:
    """Run the program as an auditor does, with what the authority gave them."""
    roots = notary.path.with_name("authority.pem")
    roots.write_bytes(authority.pem)
    keys = [argument for vkey in notary.signer.vkeys for argument in ("--key", vkey)]
    run = subprocess.run(
        [sys.executable, program or verify_timestamps.__file__, str(path), "--authority", str(roots), *keys],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Traceback" not in run.stderr, run.stderr
    return run.returncode, run.stdout


def test_a_checkpoint_is_stamped_and_the_stamp_is_checked_offline(
    portal_database: PortalDatabase, stamped: Notary, authority: Authority, tmp_path: Path
) -> None:
    path = publish(portal_database, stamped)
    alone = tmp_path / "alone"
    alone.mkdir()
    for name in ("verify.py", "verify_timestamps.py"):
        (alone / name).write_bytes(Path(verify.__file__).with_name(name).read_bytes())
    code, said = check(path, stamped, authority, program=alone / "verify_timestamps.py")
    assert (code, said.split(",")[0]) == (0, f"STAMPED: {stamped.state.size} entries")


def test_one_an_hour_is_stamped(portal_database: PortalDatabase, stamped: Notary, authority: Authority) -> None:
    first = publish(portal_database, stamped)
    second = publish(portal_database, stamped)
    assert first != second and authority.asked == 1
    assert check(second, stamped, authority)[0] == verify.POLICY
    stamped.clock = lambda: datetime.now(UTC).timestamp() + timestamps.EVERY + 1
    publish(portal_database, stamped)
    assert authority.asked == 2


def test_without_an_address_nobody_is_asked(portal_database: PortalDatabase, tmp_path: Path) -> None:
    notary = make_notary(tmp_path)
    seal(portal_database)
    make_entries(portal_database, 1)
    seal(portal_database)
    assert sign(portal_database, notary)
    assert not list(notary.anchor.glob("**/*.tsr"))


def test_an_altered_checkpoint_is_not_what_was_stamped(
    portal_database: PortalDatabase, stamped: Notary, authority: Authority
) -> None:
    """Signed anew with the notary's own key, as whoever stole it would, over another root."""
    path = publish(portal_database, stamped)
    text = checkpoint_text(stamped.signer.name, stamped.state.size, bytes(32))
    forged = stamped.signer.note(text, stamped.state.time)
    path.chmod(0o600)
    path.write_text(forged)
    code, said = check(path, stamped, authority)
    assert (code, said.split(":")[0]) == (verify.ALTERED, "ALTERED")


def test_the_token_of_another_checkpoint_is_refused(
    portal_database: PortalDatabase, stamped: Notary, authority: Authority
) -> None:
    first = publish(portal_database, stamped)
    second = publish(portal_database, stamped)
    second.with_suffix(".tsr").write_bytes(first.with_suffix(".tsr").read_bytes())
    assert check(second, stamped, authority)[0] == verify.ALTERED


def test_another_authority_s_token_is_refused(
    portal_database: PortalDatabase, stamped: Notary, authority: Authority
) -> None:
    path = publish(portal_database, stamped)
    assert check(path, stamped, Authority())[0] == verify.ALTERED


@pytest.mark.parametrize(
    ("hours", "expected", "said"), [(-2, verify.ALTERED, "stamped before"), (2, verify.POLICY, "stamped later")]
)
def test_a_moment_that_was_not_when_it_was_signed_is_named(
    portal_database: PortalDatabase, stamped: Notary, authority: Authority, hours: int, expected: int, said: str
) -> None:
    """A checkpoint dated back is stamped today, and one dated ahead before it was signed."""
    authority.clock = lambda: datetime.now(UTC) + timedelta(hours=hours)
    code, told = check(publish(portal_database, stamped), stamped, authority)
    assert code == expected and said in told


@pytest.mark.parametrize("what", ["imprint", "nonce", "status"])
def test_an_answer_about_something_else_is_not_kept(
    portal_database: PortalDatabase,
    stamped: Notary,
    authority: Authority,
    caplog: pytest.LogCaptureFixture,
    what: str,
) -> None:
    setattr(authority, what, {"imprint": bytes(32), "nonce": 7, "status": "rejection"}[what])
    with caplog.at_level(logging.WARNING):
        path = publish(portal_database, stamped)
    assert not path.with_suffix(".tsr").exists()
    assert "the time stamp authority gives no token" in caplog.text
    assert check(path, stamped, authority)[0] == verify.POLICY


@pytest.mark.asvs("16.5.2")
def test_an_authority_that_is_away_keeps_nothing_from_being_signed(
    portal_database: PortalDatabase, stamped: Notary
) -> None:
    stamped.stamping = Stamping("http://127.0.0.1:9/")
    path = publish(portal_database, stamped)
    assert path.exists() and not path.with_suffix(".tsr").exists()


def test_an_address_of_something_else_than_http_is_not_opened(tmp_path: Path) -> None:
    (tmp_path / "token").write_bytes(b"x")
    with pytest.raises(ValueError, match="no address of HTTP"):
        timestamps.ask((tmp_path / "token").as_uri(), b"note")


@pytest.mark.asvs("15.2.5")
@pytest.mark.parametrize("token", [b"", b"garbage", b"\x30\x03\x02\x01\x00"])
def test_garbage_is_malformed(
    portal_database: PortalDatabase, stamped: Notary, authority: Authority, token: bytes
) -> None:
    path = publish(portal_database, stamped)
    path.with_suffix(".tsr").chmod(0o600)
    path.with_suffix(".tsr").write_bytes(token)
    code, said = check(path, stamped, authority)
    assert code in (verify.MALFORMED, verify.ALTERED) and "STAMPED" not in said
