"""A token of a test's own."""

from collections.abc import Iterator

import pytest

from privacy.vault.pkcs11_keys import Pkcs11MasterKeys
from tests.privacy.vault.tokens import Token, own_token


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
