"""Whoever holds the keys: answers each request of a process, if that process may ask it and the policy agrees.

The key service runs one of these; ordinary tests run one in process, with the same policy.
"""

import hmac
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from privacy.lib.crypto import document_signing
from privacy.vault import blind_indexes, crypto, key_providers
from privacy.vault.keyservice import holders, messages, resealing
from privacy.vault.keyservice.attesting import Attestations
from privacy.vault.keyservice.ceilings import DERIVED as DERIVED_SECRETS
from privacy.vault.keyservice.ceilings import LOOK_UPS, Ceilings
from privacy.vault.keyservice.key_material import content_keys, label_of, unwrap, wrapped_keys
from privacy.vault.keyservice.reading_policy import Connection, Query, ReadingPolicy, Record, is_destroyed
from privacy.vault.keyservice.refusals import KeysRefused
from privacy.vault.keyservice.rotation_policy import RotationPolicy
from privacy.vault.keyservice.signing_policy import SigningPolicy
from privacy.vault.keyservice.trail_watch import TrailWatch
from privacy.vault.purposes import Purpose
from privacy.vault.refusals import Destroyed, WrongKey

_ALL = (messages.Describe, messages.PublicKey, messages.NewKeys, messages.Seal, messages.Index)
# What each process may ask. The intake process reads nothing; keys for sealing are its alone.
ALLOWED: dict[str, frozenset[type]] = {
    "pages": frozenset({*_ALL, messages.ReadKeys, messages.Derive, messages.Sign}),
    "intake": frozenset({*_ALL, messages.SealingKeys}),
    "worker": frozenset(messages.ANSWERS) - {messages.SealingKeys},
}
# A process that serves everything, as where tests run in it.
ALLOWED["all"] = frozenset(messages.ANSWERS)
# What a derived secret begins with; no blind index does.
DERIVED = b"privacy.vault derived v1\0"
# What secrets are derived for; pages and worker make files, notices, addresses and signatures alike, intake none.
DERIVED_FOR = frozenset(
    {
        "disclosures.answer",
        "disclosures.commitment",
        "disclosures.file",
        "disclosures.notice",
        "disclosures.passphrase",
        "disclosures.webhook",
        "office_api.webhook",
        "rights.reply-address",
        "systems.call",
        "systems.commitment",
    }
)
MOST_DERIVED_BYTES = 64


class KeyCustodian:
    """Holds the master key, the index key and the certificate key, and says what each request gets."""

    def __init__(
        self,
        query: Query,
        policy: ReadingPolicy,
        ceilings: Ceilings,
        *,
        dated: bool = True,
        trail: TrailWatch | None = None,
        attestations: Attestations | None = None,
    ) -> None:
        self.query = query
        self.signing = SigningPolicy(query, dated=dated)
        self.turning = RotationPolicy(query, dated=dated)
        self.policy = policy
        self.ceilings = ceilings
        self.trail = trail
        self.attestations = attestations
        self.given: Counter[str] = Counter()
        self.refused: Counter[str] = Counter()
        self._answers: dict[type, Callable[[Any, Connection], Any]] = {
            messages.ReadKeys: self._read_keys,
            messages.SealingKeys: self._sealing_keys,
            messages.Seal: self._seal,
            messages.NewKeys: self._new_keys,
            messages.Reseal: self._reseal,
            messages.Rewrap: self._rewrap,
            messages.BeginGeneration: self._begin_generation,
            messages.DestroyGeneration: self._destroy_generation,
            messages.Index: self._index,
            messages.Derive: self._derive,
            messages.Sign: self._sign,
            messages.PublicKey: lambda _asked, _peer: document_signing.file_signer.public_key(),
            messages.Describe: self._describe,
            messages.Status: self._status,
        }

    def answer(self, request: messages.Request, connection: Connection) -> Any:
        """Return what a request asks for. Raises KeysRefused, CeilingReached, Destroyed, WrongKey."""
        name = type(request).__name__
        try:
            if type(request) not in ALLOWED[connection.process]:
                raise KeysRefused(_("This process may not ask the key service for that."))
            found = self._answers[type(request)](request, connection)
        except Exception:
            self.refused[name] += 1
            raise
        self.given[name] += 1
        return found

    def _read_keys(self, asked: messages.ReadKeys, connection: Connection) -> list[bytes]:
        record, people = self._authorise(asked.record, asked.people, asked.keys, connection)
        self.ceilings.read(connection.process, record.purpose, people)
        return content_keys(asked.keys, asked.wanted)

    def _authorise(
        self, number: int, named: Sequence[bytes], keys: messages.WrappedKeys, connection: Connection
    ) -> tuple[Record, set[bytes]]:
        """Return the record and the people whose keys are asked for, if the tables agree."""
        if self.trail is not None:
            self.trail.refuse_unsigned()
        record, people = self.policy.authorise(number, named, keys, connection)
        if self.trail is not None:
            self.trail.remember(number, record.digest)
        lease = connection.leases[number]
        if self.attestations is not None and not lease.attested:
            self.attestations.add(number, record.digest)
            lease.attested = True
        if record.purpose == Purpose.DESTRUCTION:
            self.policy.refuse_unlisted(keys)
        return record, people

    def _refuse_destroyed(self, keys: messages.WrappedKeys) -> None:
        if is_destroyed(self.query, keys):
            raise Destroyed

    def _sealing_keys(self, asked: messages.SealingKeys, connection: Connection) -> list[bytes]:
        self._refuse_destroyed(asked.keys)
        return content_keys(asked.keys, asked.wanted)

    def _seal(self, asked: messages.Seal, connection: Connection) -> list[bytes]:
        pairs = list(dict.fromkeys(value.pair for value in asked.values))
        ciphers = dict(zip(pairs, map(AESGCM, content_keys(asked.keys, pairs)), strict=True))
        subjects, months = asked.keys.subjects, asked.keys.months
        return [
            crypto.encrypt(
                ciphers[value.pair],
                months[value.pair[1]].month,
                value.plain,
                value.where,
                UUID(bytes=value.row),
                UUID(bytes=subjects[value.pair[0]].subject),
            )
            for value in asked.values
        ]

    def _new_keys(self, asked: messages.NewKeys, connection: Connection) -> list[bytes]:
        master = key_providers.master_keys()
        if not hmac.compare_digest(master.check_value(asked.generation), asked.check_value):
            raise WrongKey(_("This database was encrypted with a different master key. Restore the right key file."))
        labels = [crypto.subject_key_label(subject, category) for subject, category in asked.subjects]
        labels += [crypto.month_key_label(category, month) for category, month in asked.months]
        return master.wrap(asked.generation, [(crypto.new_key(), label) for label in labels])

    def _reseal(self, asked: messages.Reseal, connection: Connection) -> list[bytes]:
        record, _people = self._authorise(asked.record, asked.people, asked.source, connection)
        if record.purpose != Purpose.LEGAL_DUTY:
            raise KeysRefused(_("The access record does not name what was to be read."))
        resealing.refuse_elsewhere(asked)
        self.policy.refuse_unlisted(asked.source)
        self._refuse_destroyed(asked.target)
        return resealing.reseal(asked)

    def _rewrap(self, asked: messages.Rewrap, connection: Connection) -> list[bytes]:
        # A destroyed key that somebody kept is not carried over: it ends with its generation.
        self._refuse_destroyed(asked.keys)
        self.turning.refuse_rewrap(asked)
        keys = wrapped_keys(asked.keys)
        raw = unwrap(keys)
        return key_providers.master_keys().wrap(asked.generation, list(zip(raw, map(label_of, keys), strict=True)))

    def _begin_generation(self, asked: messages.BeginGeneration, connection: Connection) -> int:
        self.turning.refuse_early_turn(asked.after)
        return key_providers.master_keys().begin(asked.after)

    def _destroy_generation(self, asked: messages.DestroyGeneration, connection: Connection) -> None:
        """A generation ends once nothing is wrapped under it and its grace is over: the service looks itself."""
        master = key_providers.master_keys()
        self.turning.refuse_end(asked.generation, newest=max(master.generations()))
        master.destroy(asked.generation)

    def _index(self, asked: messages.Index, connection: Connection) -> list[bytes]:
        self.ceilings.count(connection.process, LOOK_UPS, len(asked.values))
        key = key_providers.index_key()
        return [blind_indexes.digest(key, name, value) for name, value in asked.values]

    def _derive(self, asked: messages.Derive, connection: Connection) -> bytes:
        if asked.purpose not in DERIVED_FOR or len(asked.about) > MOST_DERIVED_BYTES:
            raise KeysRefused(_("This process may not ask the key service for that."))
        self.ceilings.count(connection.process, DERIVED_SECRETS, 1)
        message = DERIVED + asked.purpose.encode() + b"\0" + asked.about
        return hmac.digest(key_providers.index_key(), message, "sha256")

    def _sign(self, asked: messages.Sign, connection: Connection) -> str:
        generations = key_providers.master_keys().generations()
        self.signing.refuse_unfit(connection.process, asked.body, generations=generations)
        return document_signing.file_signer.sign(asked.body)

    def _describe(self, asked: messages.Describe, connection: Connection) -> messages.Described:
        return messages.Described(
            host=holders.host_name(),
            generations=holders.held(),
            index=crypto.check_value(key_providers.index_key()),
        )

    def _status(self, asked: messages.Status, connection: Connection) -> messages.ServiceStatus:
        return messages.ServiceStatus(
            since=self.ceilings.since,
            given=dict(self.given),
            refused=dict(self.refused),
            reached=list(self.ceilings.reached),
        )


def process_names() -> Iterable[str]:
    """Return the processes that have a socket of their own."""
    return sorted(set(ALLOWED) - {"all"})
