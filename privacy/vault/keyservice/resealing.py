"""Ciphertexts opened, joined and sealed anew, without showing them to anybody (P6.4, law D-04)."""

from itertools import chain
from struct import Struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from privacy.policies.categories import ARCHIVE_PREFIX
from privacy.vault import crypto
from privacy.vault.keyservice.key_material import content_keys
from privacy.vault.keyservice.messages import Bundle, Pair, Reseal, WrappedKeys
from privacy.vault.keyservice.refusals import KeysRefused
from privacy.vault.refusals import InvalidCiphertext

HEADER = crypto.HEADER_BYTES
BODY = crypto.HEADER_BYTES + crypto.NONCE_BYTES
LENGTH = Struct("!i")
# The one column that is sealed anew for: the archive's, under keys of its own.
ARCHIVE_COLUMN = ("retention.ArchivedRecord", "body")


def reseal(asked: Reseal) -> list[bytes]:
    """Return one ciphertext for each bundle: its values, joined (header, length in 4 bytes, value) and sealed.

    Raises InvalidCiphertext, WrongKey.
    """
    sources = _ciphers(asked.source, [pair for bundle in asked.bundles for pair in bundle.source])
    targets = _ciphers(asked.target, [bundle.target for bundle in asked.bundles])
    ciphertexts = []
    nonces = crypto.nonces(len(asked.bundles))
    for bundle, there, nonce in zip(asked.bundles, asked.there, nonces, strict=True):
        if asked.target.subjects[bundle.target[0]].subject != bundle.subject:
            raise InvalidCiphertext
        ciphers = {crypto.header(asked.source.months[pair[1]].month): sources[pair] for pair in bundle.source}
        month, subject = asked.target.months[bundle.target[1]].month, UUID(bytes=bundle.subject)
        joined = _joined(bundle, ciphers, asked.where)
        cipher = targets[bundle.target]
        ciphertexts.append(crypto.encrypt(cipher, month, joined, there, UUID(bytes=bundle.row), subject, nonce=nonce))
    return ciphertexts


def refuse_elsewhere(asked: Reseal) -> None:
    """Raise KeysRefused unless every ciphertext is for the archive, and under keys of the person whose data it is."""
    keys = dict(enumerate(asked.target.subjects))
    for bundle, there in zip(asked.bundles, asked.there, strict=True):
        key, sources = keys.get(bundle.target[0]), {pair[0] for pair in bundle.source}
        people = {asked.source.subjects[place].subject for place in sources if 0 <= place < len(asked.source.subjects)}
        if (
            key is None
            or not key.category.startswith(ARCHIVE_PREFIX)
            or there != crypto.associated_data(*ARCHIVE_COLUMN, key.category)
            or people | {bundle.subject} != {key.subject}
        ):
            raise KeysRefused(_("Data can be re-encrypted only for the archive, and only with the same person's keys."))


def _ciphers(keys: WrappedKeys, pairs: list[Pair]) -> dict[Pair, AESGCM]:
    distinct = list(dict.fromkeys(pairs))
    return dict(zip(distinct, map(AESGCM, content_keys(keys, distinct)), strict=True))


def _joined(bundle: Bundle, ciphers: dict[bytes, AESGCM], where: bytes) -> bytes:
    """Open the values of one bundle and join them: one person's, and almost always of one epoch.

    Millions pass through here, so what is done for each is done in C wherever there is a way.
    """
    subject = bundle.subject
    pieces: list[bytes] = []
    try:
        for epoch, cipher in ciphers.items():
            headers, ciphertexts = bundle.headers, bundle.ciphertexts
            if len(ciphers) > 1:
                chosen = [place for place, ciphertext in enumerate(ciphertexts) if ciphertext[:HEADER] == epoch]
                headers, ciphertexts = [headers[place] for place in chosen], [ciphertexts[place] for place in chosen]
            decrypt, prefix = cipher.decrypt, epoch + where
            plains = [
                decrypt(ciphertext[HEADER:BODY], ciphertext[BODY:], prefix + header[:16] + subject)
                for header, ciphertext in zip(headers, ciphertexts, strict=True)
            ]
            pieces += chain.from_iterable(zip(headers, map(LENGTH.pack, map(len, plains)), plains, strict=True))
    except InvalidTag:
        raise InvalidCiphertext from None
    return b"".join(pieces)
