"""The master key in a token (SoftHSM2): it is made, wraps and unwraps there, and never comes out (decision 0182)."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pkcs11
import pytest
from django.core.management import CommandError, call_command
from django.test import override_settings
from pkcs11 import Attribute, KeyType, MechanismFlag

from privacy.vault import actions as vault
from privacy.vault import crypto, key_providers
from privacy.vault.key_providers import MasterKeys, WrappedKey
from privacy.vault.pkcs11_keys import LABEL, Pkcs11MasterKeys
from tests.database import ROOT
from tests.privacy.vault.keyfiles import own_keys
from tests.privacy.vault.tokens import PROVIDER, Token

pytestmark = pytest.mark.token
KEY, BOUND = b"k" * 32, b"privacy.vault test"


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


def test_nothing_is_begun_in_a_token_without_the_current_generation(master: Pkcs11MasterKeys) -> None:
    with pytest.raises(vault.WrongKey, match="7"):
        master.begin(7)
    assert master.generations() == {1}


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


def test_the_class_has_what_the_vault_asks_for(token: Token) -> None:
    held: MasterKeys = key_providers.master_keys()
    assert f"{type(held).__module__}.{type(held).__qualname__}" == PROVIDER
