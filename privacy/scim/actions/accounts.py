"""What the directory may do with accounts: open one without any access, end everything of a leaver, and number both."""

from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from privacy.accounts import actions as accounts
from privacy.accounts.models import User
from privacy.ledger import actions as ledger
from privacy.lib.identifiers.ids import new_id
from privacy.scim.actions.credentials import Directory
from privacy.scim.changes import Changes
from privacy.scim.events import Event
from privacy.scim.models import ProvisionedAccount
from privacy.scim.refusals import ScimError

# What the register of access says of it: the register is kept in Korean.
LEFT = "계정 관리 시스템에서 계정이 비활성화됨"
NO_ACCESS = "Roles are granted in the console by two people. Groups, roles and entitlements are not offered here."


def record_call(directory: Directory, call: str, *, at: datetime, about: User | None = None) -> None:
    """Put a call on record before it is answered. Raises LedgerUnavailable."""
    ledger.record_before(
        Event.CALLED, actor=directory, at=at, about=about, task=call, facts={"credential": directory.reference}
    )


def provision(asked: Changes, *, directory: Directory, at: datetime) -> User:
    """Open an account without roles, or take back one that the directory had removed. Raises ScimError.

    It opens nothing until an officer invites the person and two people grant a role.
    """
    if asked.user_name is None:
        raise ScimError(400, "“userName” is missing.", "invalidValue")
    email = _email(asked)
    if asked.touches_access:
        raise ScimError(400, NO_ACCESS, "mutability")
    with transaction.atomic():
        user = User.objects.select_for_update().filter(email=email).first()
        held = ProvisionedAccount.objects.filter(user_name__iexact=asked.user_name).first()
        others = User.objects.filter(email__iexact=asked.user_name)
        if user is not None:
            others = others.exclude(pk=user.pk)
        known = user is not None and not ProvisionedAccount.objects.filter(user=user, removed_at__isnull=False).exists()
        if known or others.exists() or (held is not None and (user is None or held.user_id != user.pk)):
            raise ScimError(409, "An account with this userName or e-mail address exists already.", "uniqueness")
        if user is None:
            user = accounts.create_user(
                email=email, name=asked.name or asked.user_name, roles=(), password=None, actor=directory, at=at
            )
        _number(user, asked.user_name, asked.external_id or "", directory=directory, at=at, word=Event.PROVISIONED)
        _set_active(user, asked.active is not False, directory=directory, at=at)
    return User.objects.get(pk=user.pk)


def apply(user: User, asked: Changes, *, directory: Directory, at: datetime) -> User:
    """Do what is asked of an account. Raises ScimError for what a directory can't change.

    Where access is to end, it ends, whatever else the call holds: the rest is left aside then.
    """
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        if asked.active is False:
            _set_active(row, False, directory=directory, at=at)
            return row
        if asked.touches_access:
            raise ScimError(400, NO_ACCESS, "mutability")
        held = ProvisionedAccount.objects.select_for_update().filter(user=row).first()
        name = held.user_name if held else row.email
        if asked.user_name is not None and asked.user_name.lower() != name.lower():
            raise ScimError(400, "“userName” can't be changed here: ask the privacy office.", "mutability")
        number = held.external_id if held else ""
        if asked.external_id is not None and asked.external_id != number:
            _number(row, name, asked.external_id, directory=directory, at=at, word=Event.RENUMBERED)
        if asked.active:
            _set_active(row, True, directory=directory, at=at)
    return User.objects.get(pk=user.pk)


def remove(user: User, *, directory: Directory, at: datetime) -> None:
    """End everything of an account and let the directory forget it; the account stays on the register."""
    with transaction.atomic():
        row = User.objects.select_for_update().get(pk=user.pk)
        _set_active(row, False, directory=directory, at=at)
        # Without a number its name is nobody's: another account may have this one's address as its userName.
        ProvisionedAccount.objects.get_or_create(user=row, defaults={"user_name": str(new_id()), "changed_at": at})
        ProvisionedAccount.objects.filter(user=row).update(removed_at=at, changed_at=at, external_id="")
        ledger.record(Event.REMOVED, actor=directory, at=at, about=row, facts={"credential": directory.reference})


def _set_active(user: User, active: bool, *, directory: Directory, at: datetime) -> None:
    if user.is_active == active:
        return
    if active:
        accounts.reactivate_user(user, actor=directory, at=at)
    else:
        accounts.deactivate_user(user, why=LEFT, actor=directory, at=at)
    ProvisionedAccount.objects.filter(user=user).update(changed_at=at)
    user.refresh_from_db()


def _number(user: User, user_name: str, external_id: str, *, directory: Directory, at: datetime, word: Event) -> None:
    others = ProvisionedAccount.objects.exclude(user=user)
    if external_id and others.filter(external_id=external_id).exists():
        raise ScimError(409, "Another account has this externalId.", "uniqueness")
    ProvisionedAccount.objects.update_or_create(
        user=user,
        defaults={"user_name": user_name, "external_id": external_id, "changed_at": at, "removed_at": None},
    )
    ledger.record(word, actor=directory, at=at, about=user, facts={"credential": directory.reference})


def _email(asked: Changes) -> str:
    """Return the address of an account: the mail address of the resource, or its userName where that is one."""
    for text in (asked.email, asked.user_name or ""):
        try:
            validate_email(text)
        except ValidationError:
            continue
        return text.lower()
    raise ScimError(400, "“emails” or “userName” must hold an e-mail address.", "invalidValue")
