"""The forms of signing in; each try is counted before it is made, and taken back when it succeeds."""

from collections.abc import Iterator
from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, AuthenticateWebAuthnForm, ReauthenticateWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import second_factors, security_keys, throttling
from privacy.accounts.signin.actions import TooManyFailures
from privacy.accounts.signin.client_info import get_client_info
from privacy.accounts.signin.middleware import BEGAN
from privacy.accounts.signin.throttling import ThrottleKey
from privacy.lib.dates import clock


def _set_label(field: forms.Field, label: Any = None, **attributes: str) -> None:
    """Show a field as ours: a label that stays, no grey text inside it."""
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)
    if label is not None:
        field.label = label


class SignInForm(LoginForm):
    """E-mail and password. The answer is the same whether or not there is such an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["login"], _("E-mail"), autofocus="autofocus")
        _set_label(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return dict(self.cleaned_data)
        counted = list(throttling.password_keys(self.cleaned_data["login"], get_client_info(self.request)))
        user = User.objects.filter(email=self.cleaned_data["login"].lower()).first()
        try:
            signin.record_attempt(counted, user=user, at=clock.now())
        except TooManyFailures as wait:
            raise ValidationError(str(wait), code=wait.code) from wait
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            signin.reset_attempts(counted)
        return cleaned


class ReauthenticateByPasswordForm(ReauthenticateForm):
    """The password once more, for those without a second factor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""

    def clean_password(self) -> str:
        counted = _counted_in_session(self.user)
        password: str = super().clean_password()
        signin.reset_attempts(counted)
        return password


class _CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    user: User

    def show(self) -> None:
        _set_label(self.fields["code"], _("Code"), inputmode="numeric", autofocus="autofocus")
        self.fields["code"].help_text = _("Six digits from your authenticator app, or one of your recovery codes.")

    def throttle_keys(self) -> Iterator[ThrottleKey]:
        return throttling.second_factor_keys(self.user.pk, get_client_info(context.request))

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        counted = list(self.throttle_keys())
        try:
            signin.record_attempt(counted, user=self.user, at=clock.now())
        except TooManyFailures as wait:
            raise ValidationError(str(wait), code=wait.code) from wait
        found = signin.verify_code(user=self.user, code=code, at=clock.now())
        if found is None:
            raise get_adapter().validation_error("incorrect_code")
        found.user = self.user
        self.authenticator = found
        signin.reset_attempts(counted)
        return code


class CodeForm(_CodeForm, mfa.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show()


class ReauthenticateByCodeForm(_CodeForm, mfa.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show()

    def throttle_keys(self) -> Iterator[ThrottleKey]:
        return throttling.session_keys(context.request.session.get(BEGAN), self.user.pk)


class AddTotpForm(ActivateTOTPForm):
    """The first code of an authenticator app proves that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["code"], _("Code"), inputmode="numeric")
        self.fields["code"].help_text = _("The six digits that the app shows now.")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        step = second_factors.matching_time_step(self.secret, code, after=0, at=clock.now())
        if step is None:
            raise get_adapter().validation_error("incorrect_code")
        # The view keeps it with the app, so that this code is no good for signing in.
        self.step = step
        return code


class CredentialField(forms.JSONField):
    """What a security key answered. What is nested too deeply to be read is no answer either."""

    def to_python(self, value: Any) -> Any:
        try:
            return super().to_python(value)
        except RecursionError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None

    def bound_data(self, data: Any, initial: Any) -> Any:
        try:
            return super().bound_data(data, initial)
        except RecursionError:
            return initial


class AddSecurityKeyForm(AddWebAuthnForm):
    credential = CredentialField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["name"], _("Key name"), maxlength="60")
        self.fields["name"].help_text = _("A name that you'll recognise, such as “blue key on my key ring”.")

    def clean_credential(self) -> Any:
        security_keys.must_come_from_this_page(self.cleaned_data["credential"], context.request)
        return self.cleaned_data["credential"]


class _SecurityKeyForm(forms.Form):
    """What a security key answered; the library checks the signature, we the rest."""

    user: User
    credential = CredentialField(widget=forms.HiddenInput)

    def clean_credential(self) -> Authenticator:
        try:
            return self._signed_by()
        except ValidationError:
            signin.record_failed_factor(user=self.user, method=Authenticator.Type.WEBAUTHN, at=clock.now())
            raise

    def _signed_by(self) -> Authenticator:
        answered = self.cleaned_data["credential"]
        security_keys.must_come_from_this_page(answered, context.request)
        authenticator: Authenticator = super().clean_credential()  # type: ignore[misc]
        try:
            signin.record_counter(authenticator, security_keys.counter_of(answered))
        except signin.StaleCounter:
            raise get_adapter().validation_error("incorrect_code") from None
        return authenticator


class SecurityKeyForm(_SecurityKeyForm, AuthenticateWebAuthnForm):
    pass


class ReauthenticateBySecurityKeyForm(_SecurityKeyForm, ReauthenticateWebAuthnForm):
    pass


class NewPasswordForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _set_label(self.fields["oldpassword"], _("Current password"))
        _set_label(self.fields["password1"], _("New password"))
        _set_label(self.fields["password2"], _("New password again"))
        self.fields["oldpassword"].help_text = ""

    def clean_oldpassword(self) -> str:
        """Take the current password: whoever finds a session open guesses no more often than at signing in."""
        counted = _counted_in_session(self.user)
        password: str = super().clean_oldpassword()
        signin.reset_attempts(counted)
        return password


def _counted_in_session(user: User) -> list[ThrottleKey]:
    """Count a try of somebody who is signed in, and return what it was counted under. Raises ValidationError."""
    counted = list(throttling.session_keys(context.request.session.get(BEGAN), user.pk))
    try:
        signin.record_attempt(counted, user=user, at=clock.now())
    except TooManyFailures as wait:
        raise ValidationError(str(wait), code=wait.code) from wait
    return counted
