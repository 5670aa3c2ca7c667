"""The master key in a token (SoftHSM2): it wraps and unwraps there, and never comes out (decision 0182)."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import pkcs11
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from pkcs11 import Attribute, KeyType, MechanismFlag, TokenFlag

from privacy.vault import actions as vault
from privacy.vault import crypto, key_providers, keys, pkcs11_session
from privacy.vault.key_providers import MasterKeys, WrappedKey
from privacy.vault.pkcs11_keys import LABEL, Pkcs11MasterKeys
from tests.database import ROOT, PortalDatabase
from tests.factory import make_sealed_file
from tests.privacy.vault.decryption_sessions import decryption_session
from tests.privacy.vault.key_services import key_service
from tests.privacy.vault.keyfiles import in_environment, own_keys
from tests.privacy.vault.tokens import PROVIDER, Token, make_another, own_token

KEY, BOUND = b"k" * 32, b"privacy.vault test"
DATABASES = pytest.mark.django_db(databases=["default", "personal", "archive"])


@pytest.fixture
def token() -> Iterator[Token]:
    with own_token() as made:
        yield made


@pytest.fixture
def master(token: Token) -> Pkcs11MasterKeys:
    """Generation 1 in a token, made on purpose."""
    held = Pkcs11MasterKeys()
    held.begin(0)
    return held


def session_of(held: Pkcs11MasterKeys) -> pkcs11.Session:
    return held._token.session()


def elsewhere(token: Token, program: str) -> str:
    """Do something with the token in another process, as on another host."""
    begin = (
        "from django.conf import settings\n"
        f"settings.configure(USE_I18N=False, **{ {name: str(value) for name, value in token.settings.items()} })\n"
        "from pathlib import Path; settings.PKCS11_PIN_FILE = Path(settings.PKCS11_PIN_FILE)\n"
        "from privacy.vault.pkcs11_keys import Pkcs11MasterKeys; master = Pkcs11MasterKeys()\n"
    )
    run = subprocess.run(
        [sys.executable, "-c", begin + program], cwd=ROOT, env={**os.environ, **token.environ}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert run.returncode == 0, run.stderr[-3000:]
    return run.stdout.strip()


def make_key(held: Pkcs11MasterKeys, number: int, **attributes: bool) -> None:
    """Put a key into the token past the portal."""
    with held._token.writing() as session:
        session.generate_key(
            KeyType.AES, 256, label=f"{LABEL}{number}", store=True,
            capabilities=MechanismFlag.ENCRYPT | MechanismFlag.DECRYPT,
            template={Attribute[name]: value for name, value in attributes.items()},
        )  # fmt: skip


def test_what_is_wrapped_opens_under_its_own_label_alone(master: Pkcs11MasterKeys) -> None:
    (wrapped,) = master.wrap(1, [(KEY, BOUND)])
    assert KEY not in wrapped and len(wrapped) == crypto.NONCE_BYTES + len(KEY) + crypto.TAG_BYTES
    assert master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]
    master.begin(1)
    for wrong in (
        WrappedKey(1, wrapped, BOUND + b"x"),
        WrappedKey(2, wrapped, BOUND),
        WrappedKey(1, wrapped[:-1] + bytes([wrapped[-1] ^ 1]), BOUND),
        WrappedKey(1, wrapped[:5], BOUND),
        WrappedKey(1, b"", BOUND),
    ):
        with pytest.raises(vault.WrongKey, match="토큰"):
            master.unwrap([wrong])
    session = session_of(master)
    assert master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]
    assert session_of(master) is session, "a wrapped key that does not open costs no new sign-in"


def test_the_same_key_is_wrapped_differently_each_time(master: Pkcs11MasterKeys) -> None:
    assert len(set(master.wrap(1, [(KEY, BOUND)] * 50))) == 50


@pytest.mark.asvs("13.3.3")
def test_no_generation_leaves_the_token(master: Pkcs11MasterKeys) -> None:
    """It can neither be read, nor wrapped and taken out, nor copied into a key that can, nor changed into one."""
    with master._token.writing() as session:
        (key,) = session.get_objects({Attribute.LABEL: f"{LABEL}1"})
        with pytest.raises(pkcs11.AttributeSensitive):
            key[Attribute.VALUE]
        assert key[Attribute.NEVER_EXTRACTABLE] and key[Attribute.ALWAYS_SENSITIVE] and key[Attribute.LOCAL]
        wrapping = session.generate_key(KeyType.AES, 256, capabilities=MechanismFlag.WRAP | MechanismFlag.UNWRAP)
        with pytest.raises(pkcs11.KeyUnextractable):
            wrapping.wrap_key(key, mechanism=pkcs11.Mechanism.AES_KEY_WRAP)
        with pytest.raises(pkcs11.PKCS11Error):
            key.copy({Attribute.EXTRACTABLE: True, Attribute.SENSITIVE: False})
        for attribute, value in ((Attribute.EXTRACTABLE, True), (Attribute.SENSITIVE, False), (Attribute.LABEL, "x")):
            with pytest.raises(pkcs11.PKCS11Error):
                key[attribute] = value
        for purpose in (Attribute.WRAP, Attribute.UNWRAP, Attribute.SIGN, Attribute.DERIVE):
            assert not key[purpose], purpose
    assert not hasattr(master, "__dict__") or KEY not in repr(vars(master)).encode()


def test_a_check_value_is_the_keys_own_and_stays(master: Pkcs11MasterKeys, token: Token) -> None:
    master.begin(1)
    first, second = master.check_value(1), master.check_value(2)
    assert first != second
    assert len(first) == len(crypto.check_value(KEY))
    assert Pkcs11MasterKeys().check_value(1) == first
    assert elsewhere(token, "print(master.check_value(1).hex())") == first.hex()


def test_what_was_wrapped_opens_in_another_process(master: Pkcs11MasterKeys, token: Token) -> None:
    program = f"print(master.wrap(1, [({KEY!r}, {BOUND!r})])[0].hex())"
    wrapped = bytes.fromhex(elsewhere(token, program))
    assert master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]


def test_beginning_and_ending_are_safe_to_repeat(master: Pkcs11MasterKeys, token: Token) -> None:
    assert [master.begin(1), master.begin(1)] == [2, 2]
    assert master.generations() == {1, 2}
    (wrapped,) = master.wrap(1, [(KEY, BOUND)])
    for _again in range(2):
        master.destroy(1)
        assert master.generations() == {2}
    assert elsewhere(token, "print(sorted(master.generations()))") == "[2]"
    with pytest.raises(vault.WrongKey, match="1"):
        master.unwrap([WrappedKey(1, wrapped, BOUND)])
    with pytest.raises(vault.WrongKey, match="1"):
        master.check_value(1)


def test_a_generation_that_another_host_ended_opens_nothing_here(master: Pkcs11MasterKeys, token: Token) -> None:
    master.begin(1)
    (wrapped,) = master.wrap(1, [(KEY, BOUND)])
    elsewhere(token, "master.destroy(1)")
    with pytest.raises(vault.WrongKey, match="1"):
        master.unwrap([WrappedKey(1, wrapped, BOUND)])
    master.destroy(1)
    (wrapped,) = master.wrap(2, [(KEY, BOUND)])
    assert master.unwrap([WrappedKey(2, wrapped, BOUND)]) == [KEY]


def test_a_generation_that_another_host_began_is_found(master: Pkcs11MasterKeys, token: Token) -> None:
    master.check_value(1)
    assert elsewhere(token, "print(master.begin(1))") == "2"
    assert master.begin(1) == 2
    assert len(master.check_value(2)) == 32


# SoftHSM2 has moments in which it answers nobody while another process signs in: as away, it is asked again.
AT_ONCE = """
import time
from privacy.vault.keyservice.refusals import KeyServiceUnavailable
def until_answered(ask, number):
    while True:
        try:
            return ask(number)
        except KeyServiceUnavailable:
            time.sleep(0.1)
until_answered(master.check_value, 1)
folder = settings.PKCS11_PIN_FILE.parent
(folder / "host-{0}").touch()
while len(list(folder.glob("host-*"))) < 4:
    time.sleep(0.005)
print(until_answered(master.begin, 1), until_answered(master.check_value, 2).hex())
"""


def test_hosts_that_begin_at_once_make_one_generation(master: Pkcs11MasterKeys, token: Token) -> None:
    with ThreadPoolExecutor(4) as hosts:
        said = set(hosts.map(lambda host: elsewhere(token, AT_ONCE.format(host)), range(4)))
    assert said == {f"2 {master.check_value(2).hex()}"}


def test_whoever_finds_anothers_key_beside_its_own_takes_its_own_back(
    master: Pkcs11MasterKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other began between this host's look and its making."""
    make = master._make

    def late(generation: int) -> bool:
        monkeypatch.setattr(master, "_make", make)
        make_key(master, generation, SENSITIVE=True, EXTRACTABLE=False)
        return make(generation)

    monkeypatch.setattr(master, "_make", late)
    assert master.begin(1) == 2
    assert len(list(session_of(master).get_objects({Attribute.LABEL: f"{LABEL}2"}))) == 1
    assert master.check_value(2)


def test_two_keys_of_one_number_are_refused(master: Pkcs11MasterKeys) -> None:
    make_key(master, 1, SENSITIVE=True, EXTRACTABLE=False)
    for ask in (master.generations, lambda: Pkcs11MasterKeys().check_value(1)):
        with pytest.raises(vault.WrongKey, match="1"):
            ask()


def test_a_key_that_could_be_taken_out_is_refused(master: Pkcs11MasterKeys) -> None:
    make_key(master, 2, SENSITIVE=False, EXTRACTABLE=True)
    with pytest.raises(vault.WrongKey, match="2"):
        master.generations()


def test_other_keys_of_the_token_are_not_touched(master: Pkcs11MasterKeys) -> None:
    with master._token.writing() as session:
        for label in ("another program's", f"{LABEL}0", f"{LABEL}1 of before", f"old {LABEL}1"):
            session.generate_key(KeyType.AES, 256, label=label, store=True)
    assert master.generations() == {1}
    master.begin(1)
    master.destroy(1)
    assert len(list(session_of(master).get_objects({Attribute.CLASS: pkcs11.ObjectClass.SECRET_KEY}))) == 5


@pytest.mark.fault("FLT-12")
def test_an_empty_token_is_refused_and_stays_empty(token: Token) -> None:
    master = Pkcs11MasterKeys()
    for ask in (master.generations, lambda: master.check_value(1), lambda: master.wrap(1, [(KEY, BOUND)])):
        with pytest.raises(vault.WrongKey):
            ask()
    assert not list(session_of(master).get_objects())


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


def test_nothing_is_begun_in_a_token_without_the_current_generation(master: Pkcs11MasterKeys) -> None:
    with pytest.raises(vault.WrongKey, match="7"):
        master.begin(7)
    assert master.generations() == {1}


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


@pytest.mark.asvs("13.3.1")
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


def test_many_threads_get_their_own_answers(master: Pkcs11MasterKeys) -> None:
    def work(number: int) -> bool:
        raw = [bytes([number]) * 31 + bytes([place]) for place in range(200)]
        wrapped = master.wrap(1, [(key, BOUND) for key in raw])
        return master.unwrap([WrappedKey(1, each, BOUND) for each in wrapped]) == raw

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(work, range(16)))


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


def test_a_token_that_hangs_gathers_no_threads(master: Pkcs11MasterKeys) -> None:
    holding, done = threading.Event(), threading.Event()

    def hang() -> None:
        with master._token.alone():
            holding.set()
            done.wait(10)

    stuck = threading.Thread(target=hang)
    stuck.start()
    holding.wait(10)
    started = time.monotonic()
    try:
        with pytest.raises(vault.KeyServiceUnavailable):
            master.check_value(1)
        assert time.monotonic() - started < 2
    finally:
        done.set()
        stuck.join()
    assert master.check_value(1)


def test_a_child_process_signs_in_for_itself(master: Pkcs11MasterKeys) -> None:
    """Forked while another thread was at the token."""
    (wrapped,) = master.wrap(1, [(KEY, BOUND)])
    holding, done = threading.Event(), threading.Event()

    def hold() -> None:
        with master._token.alone():
            holding.set()
            done.wait(10)

    thread = threading.Thread(target=hold)
    thread.start()
    holding.wait(10)
    child = os.fork()
    if child == 0:
        opened = master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]
        os._exit(0 if opened else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert master.unwrap([WrappedKey(1, wrapped, BOUND)]) == [KEY]


@pytest.mark.fault("FLT-12")
def test_make_keys_begins_in_the_token_once(token: Token) -> None:
    with own_keys() as folder:
        assert not (folder / "master.key").exists()
        assert key_providers.master_keys().generations() == {1}
        first = key_providers.master_keys().check_value(1)
        with pytest.raises(CommandError, match="never replaced"):
            call_command("make_keys", verbosity=0)
        for name in ("index.key", "certificate.key"):
            (folder / name).unlink()
        with pytest.raises(CommandError, match="never replaced"):
            call_command("make_keys", verbosity=0)
        call_command("make_keys", "--if-missing", verbosity=0)
        assert key_providers.master_keys().check_value(1) == first
    token.pin_file.write_text("wrong")
    with pytest.raises(CommandError, match="PIN"):
        call_command("make_keys", "--if-missing", verbosity=0)


def test_the_key_services_files_are_those_of_its_provider(token: Token) -> None:
    assert set(key_providers.key_files()) == {"PKCS11_PIN_FILE", "INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE"}
    assert key_providers.key_files()["PKCS11_PIN_FILE"] == token.pin_file
    with override_settings(VAULT_MASTER_KEYS="privacy.vault.key_providers.EnvironmentMasterKeys"):
        assert set(key_providers.key_files()) == {"INDEX_KEY_FILE", "CERTIFICATE_KEY_FILE"}


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
            with pytest.raises(vault.WrongKey):
                vault.check_keys()
            with decryption_session() as vault_session, pytest.raises(vault.WrongKey):
                vault_session.decrypt(file, "name")
            with pytest.raises(vault.WrongKey):
                make_sealed_file()


def test_the_key_service_holds_a_token(token: Token, portal_database: PortalDatabase) -> None:
    """The real process: pages seal and read through it, it is killed and started, and the token goes and comes back."""
    with own_keys() as folder, key_service(portal_database, **in_environment(folder), **token.environ) as service:
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


def name_of(file: Any) -> Any:
    keys.caches.here().clear()
    with decryption_session() as vault_session:
        return vault_session.decrypt(file, "name")


def test_the_class_has_what_the_vault_asks_for(token: Token) -> None:
    held: MasterKeys = key_providers.master_keys()
    assert f"{type(held).__module__}.{type(held).__qualname__}" == PROVIDER
