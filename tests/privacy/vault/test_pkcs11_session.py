"""The session with the token (SoftHSM2): away and back, PINs, threads, and the key service that holds it."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

import pytest
from django.test import override_settings
from pkcs11 import TokenFlag

from privacy.vault import actions as vault
from privacy.vault import key_providers, keys, pkcs11_session
from privacy.vault.key_providers import WrappedKey
from privacy.vault.pkcs11_keys import Pkcs11MasterKeys
from tests.database import ROOT, PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.key_services import key_service
from tests.privacy.vault.keyfiles import in_environment, own_keys, refuses_all
from tests.privacy.vault.tokens import Token, make_another, make_token, own_token

pytestmark = pytest.mark.token
KEY, BOUND = b"k" * 32, b"privacy.vault test"
DATABASES = pytest.mark.django_db(databases=["default", "personal", "archive"])


@pytest.mark.fault("FLT-12")
def test_a_token_that_is_away_is_told_as_away_and_works_when_it_is_back(
    master: Pkcs11MasterKeys, token: Token, caplog: pytest.LogCaptureFixture
) -> None:
    (wrapped,) = master.wrap(1, [(KEY, BOUND)])
    token.take_away()
    for _again in range(3):
        with pytest.raises(vault.KeyServiceUnavailable):
            master.unwrap([WrappedKey(1, wrapped, BOUND)])
    assert "the token portal does not answer" in caplog.text
    token.put_back()
    back = time.monotonic()
    while time.monotonic() - back < 5:
        try:
            assert master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]
            break
        except vault.KeyServiceUnavailable:
            time.sleep(0.05)
    else:
        pytest.fail("the token was back, and nobody noticed")


@pytest.mark.fault("FLT-12")
def test_a_token_that_is_away_ends_and_begins_nothing(master: Pkcs11MasterKeys, token: Token) -> None:
    """To a session of before it may look empty, which is not the same as a generation that has ended."""
    master.begin(1)
    token.take_away()
    for ask in (lambda: master.destroy(1), lambda: master.begin(2), master.generations):
        with pytest.raises((vault.KeyServiceUnavailable, vault.WrongKey)):
            ask()
    token.put_back()
    time.sleep(pkcs11_session.RETRY_SECONDS)
    assert master.generations() == {1, 2}
    master.destroy(1)
    assert master.generations() == {2}


def test_another_token_is_not_taken_for_it(master: Pkcs11MasterKeys, token: Token) -> None:
    make_another(token, "another")
    with override_settings(PKCS11_TOKEN="another"), pytest.raises(vault.WrongKey):
        Pkcs11MasterKeys().generations()
    with override_settings(PKCS11_TOKEN="nobody's"), pytest.raises(vault.KeyServiceUnavailable):
        Pkcs11MasterKeys().generations()
    make_another(token, "portal")
    with pytest.raises(vault.WrongKey, match="portal"):
        Pkcs11MasterKeys().generations()


@pytest.mark.fault("FLT-12")
def test_a_wrong_pin_is_tried_once(master: Pkcs11MasterKeys, token: Token, caplog: pytest.LogCaptureFixture) -> None:
    """A token locks itself after a few wrong ones."""
    right = token.pin_file.read_text()
    token.pin_file.write_text("wrong")
    fresh = Pkcs11MasterKeys()
    for _again in range(4):
        with pytest.raises(vault.WrongKey, match="PIN"):
            fresh.generations()
        fresh._token._not_before = 0.0
    assert caplog.text.count("refused the PIN") == 1
    token.pin_file.write_text(right)
    assert fresh.generations() == {1}


@pytest.mark.parametrize("flag", [TokenFlag.USER_PIN_FINAL_TRY, TokenFlag.USER_PIN_LOCKED])
def test_the_last_try_of_a_pin_is_left_to_people(
    token: Token, flag: TokenFlag, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SoftHSM2 does not count, so a stand-in says what other tokens do."""
    tried: list[Any] = []
    low = SimpleNamespace(flags=flag, open=lambda **asked: tried.append(asked))
    library = SimpleNamespace(get_token=lambda **_asked: low)
    monkeypatch.setattr(pkcs11_session, "_library", lambda _module: library)
    with pytest.raises(vault.WrongKey, match="PIN"):
        Pkcs11MasterKeys().generations()
    assert not tried


@pytest.mark.asvs("13.3.2")
def test_the_pin_is_a_file_that_nobody_else_reads(master: Pkcs11MasterKeys, token: Token) -> None:
    for damage in (lambda: token.pin_file.chmod(0o640), token.pin_file.unlink):
        damage()
        with pytest.raises(vault.WrongKey, match=r"token\.pin"):
            Pkcs11MasterKeys().generations()


@pytest.mark.parametrize("module", ["", "/usr/lib/nothing.so"])
def test_a_missing_library_is_refused(token: Token, module: str) -> None:
    with override_settings(PKCS11_MODULE=module), pytest.raises(vault.WrongKey, match="PKCS11_MODULE"):
        Pkcs11MasterKeys().generations()


def test_what_is_no_library_is_refused(token: Token, caplog: pytest.LogCaptureFixture) -> None:
    with override_settings(PKCS11_MODULE=__file__), pytest.raises(vault.KeyServiceUnavailable):
        Pkcs11MasterKeys().generations()
    assert __file__ in caplog.text


@pytest.mark.asvs("15.4.1")
def test_many_threads_get_their_own_answers(master: Pkcs11MasterKeys) -> None:
    def work(number: int) -> bool:
        raw = [bytes([number]) * 31 + bytes([place]) for place in range(200)]
        wrapped = master.wrap(1, [(key, BOUND) for key in raw])
        return master.unwrap([WrappedKey(1, each, BOUND) for each in wrapped]) == raw

    session = master._token.session()
    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(16)))
    assert master._token.session() is session, "one sign-in for all"


def test_one_key_does_not_wait_for_anothers_ten_thousand(master: Pkcs11MasterKeys) -> None:
    wrapped = master.wrap(1, [(KEY, BOUND)] * 10_000)
    batch = threading.Thread(target=lambda: master.unwrap([WrappedKey(1, each, BOUND) for each in wrapped]))
    batch.start()
    answered = 0
    while batch.is_alive():
        assert master.unwrap([WrappedKey(1, wrapped[0], BOUND)]) == [KEY]
        answered += 1
    batch.join()
    assert answered > 20


@contextmanager
def kept_busy(master: Pkcs11MasterKeys) -> Iterator[None]:
    """Have another thread be at the token."""
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with master._token.alone():
            holding.set()
            done.wait(60)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(60)
    try:
        yield
    finally:
        done.set()
        thread.join()


def test_a_token_that_hangs_gathers_no_threads(master: Pkcs11MasterKeys) -> None:
    with kept_busy(master):
        started = time.monotonic()
        with pytest.raises(vault.KeyServiceUnavailable):
            master.check_value(1)
        assert time.monotonic() - started < 2
    assert master.check_value(1)


def test_a_child_process_signs_in_for_itself(master: Pkcs11MasterKeys) -> None:
    """Forked while another thread was at the token."""
    (wrapped,) = master.wrap(1, [(KEY, BOUND)])
    with kept_busy(master):
        child = os.fork()
        if child == 0:
            opened = master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]
            os._exit(0 if opened else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]


@DATABASES
@pytest.mark.fault("FLT-12")
def test_another_tokens_key_stops_all(token: Token) -> None:
    """The right label and PIN, and a key that did not seal this vault."""
    with own_keys():
        file = make_sealed_file()
        vault.check_keys()
        with own_token():
            key_providers.master_keys().begin(0)
            keys.caches.here().clear()
            refuses_all(file)


def test_the_key_service_holds_a_token(token: Token, portal_database: PortalDatabase) -> None:
    """The real process: pages seal and read through it, it is killed and started, and the token goes and comes back."""
    with own_keys() as folder, key_service(portal_database, **in_environment(folder)) as service:
        file = make_sealed_file()
        assert name_of(file) == "증빙.pdf"
        service.kill()
        service.start()
        assert name_of(file) == "증빙.pdf"
        token.take_away()
        with pytest.raises(vault.KeyServiceUnavailable):
            name_of(file)
        token.put_back()
        time.sleep(pkcs11_session.RETRY_SECONDS)
        assert name_of(file) == "증빙.pdf"


@pytest.mark.fault("FLT-12")
def test_the_key_service_does_not_start_without_its_key(token: Token, portal_database: PortalDatabase) -> None:
    with own_keys() as folder:
        make_sealed_file()
        environ = {**portal_database.environ("portal_keys"), **in_environment(folder)}

        def start(**changed: str) -> str:
            command = [sys.executable, "manage.py", "keyservice"]
            run = subprocess.run(
                command, cwd=ROOT, env={**environ, **changed}, capture_output=True, text=True, timeout=60, check=False
            )
            assert run.returncode != 0
            assert "Traceback" not in run.stderr
            return run.stderr

        with TemporaryDirectory() as other:
            assert "토큰에 마스터 키가 없습니다" in start(**make_token(Path(other)).environ)
        assert "PKCS11_MODULE" in start(PKCS11_MODULE="/usr/lib/nothing.so")
        assert "does not answer" in start(PKCS11_TOKEN="nobody's")
        token.pin_file.write_text("wrong")
        assert "PIN" in start()


def name_of(file: Any) -> Any:
    keys.caches.here().clear()
    with decryption_session() as vault_session:
        return vault_session.decrypt(file, "name")
