"""What the provisioning refuses: its errors as RFC 7644 has them, and what the console refuses, in words."""

from privacy.lib.errors.refusals import Refusal


class ScimError(Exception):
    """An answer that refuses: an HTTP status, the ``scimType`` of RFC 7644 (3.12) if there is one, and why."""

    def __init__(self, status: int, detail: str, kind: str = "", **headers: str) -> None:
        super().__init__(detail)
        self.status, self.detail, self.kind, self.headers = status, detail, kind, headers


class IncompleteCredential(Refusal):
    """Something that a credential must say is missing; the pointer names it."""

    code = "incomplete"


class WrongState(Refusal):
    """The credential is already approved or revoked."""

    code = "wrong-state"


class SamePerson(Refusal):
    """A second person is needed, and this is the first one again."""

    code = "same-person"
