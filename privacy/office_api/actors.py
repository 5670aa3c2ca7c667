"""Who calls the API of the office: a program that acts as the owner of its credential, within its scopes."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from privacy.accounts.access_requirements import MissingRequirement
from privacy.accounts.models import User
from privacy.lib.registries import registers
from privacy.office_api.models import Scope

# Which permissions of its owner a scope lets a program use: those of the calls, none of an act that asks for a step-up.
PERMISSIONS: dict[str, frozenset[str]] = {
    Scope.CASES_READ: frozenset({"rights.view_request"}),
    Scope.CASES_WRITE: frozenset({"rights.receive_request"}),
    Scope.CASES_OPEN: frozenset({"rights.view_request", "rights.open_particulars"}),
    Scope.MESSAGES_WRITE: frozenset({"rights.open_particulars"}),
    Scope.PERMISSIONS_ASK: frozenset({"devices.view_device", "consents.view_currentconsent"}),
    Scope.HOLDS_READ: frozenset({"retention.view_hold", "vault.view_freeze"}),
    Scope.STATISTICS_READ: frozenset({"devices.view_dailyreportcount"}),
}
OWN = "office_api."


@dataclass(frozen=True)
class ApiCaller:
    """A program with its credential. On the trail it is its owner; each call's entry names the credential."""

    owner: User
    credential_id: UUID
    reference: str
    scopes: frozenset[str]

    @property
    def kind(self) -> str:
        return self.owner.kind

    @property
    def ref(self) -> str:
        return self.owner.ref

    def may(self, permission: str) -> bool:
        """Whether a scope covers ``app.codename`` and the owner holds it now; ``office_api.<scope>`` is a scope."""
        if permission.startswith(OWN):
            return permission.removeprefix(OWN) in self.scopes
        return self._covers(permission) and self.owner.may(permission)

    def may_open(self, category: str, purpose: str, on: date) -> bool:
        """Whether it reads what people wrote, and its owner may open this."""
        return Scope.CASES_OPEN in self.scopes and self.owner.may_open(category, purpose, on)

    def shortfalls(self, on: date) -> list[MissingRequirement]:
        """Return what the owner lacks to handle personal data."""
        return self.owner.shortfalls(on)

    def _covers(self, permission: str) -> bool:
        if any(permission in PERMISSIONS.get(scope, ()) for scope in self.scopes):
            return True
        of_registers = Scope.REGISTERS_READ in self.scopes
        return of_registers and any(permission == one.permission for one in registers.all_registers())
