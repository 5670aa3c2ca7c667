"""Who calls the API: a gateway behind a token, as an actor of the ledger."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date
from hashlib import sha256
from uuid import UUID

from devices.models import Gateway
from privacy.lib.postgres.invalidation import Invalidations


@dataclass(frozen=True, slots=True)
class GatewayActor:
    """A gateway with the scopes of the token it showed; ``heard`` says what its request heard of who was closed."""

    gateway_id: UUID
    ref: str
    scopes: frozenset[str]
    kind: str = "gateway"
    heard: Invalidations | None = field(default=None, compare=False, repr=False)

    def may(self, permission: str) -> bool:
        """A gateway's permissions are its scopes: ``devices.reports`` is the scope ``reports``."""
        app, _dot, scope = permission.partition(".")
        return app == "devices" and scope in self.scopes

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        """Intake seals; no gateway ever reads plaintext."""
        return False


def gateway_actor(gateway: Gateway, scopes: Collection[str]) -> GatewayActor:
    """Return the actor that a gateway is with some scopes."""
    return GatewayActor(gateway.id, gateway.reference, frozenset(scopes))


def token_digest(token: str) -> bytes:
    """Return what is kept of a token. It has 256 random bits, so a plain hash can't be guessed back."""
    return sha256(token.encode()).digest()
