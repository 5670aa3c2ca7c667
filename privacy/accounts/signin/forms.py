"""The forms of signing in; each try is counted before it is made, and taken back when it succeeds."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm, ReauthenticateForm
from allauth.core import context
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base import forms as mfa
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from privacy.accounts.models import User
from privacy.accounts.signin import actions as signin
from privacy.accounts.signin import delays, factors
from privacy.accounts.signin.actions import TooManyFailures
from privacy.accounts.signin.places import place_of
from privacy.lib import clock


def _plain(field: forms.Field, label: Any = None, **attributes: str) -> None:
    """Show a field as ours: a label that stays, no grey text inside it."""
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs.update(attributes)
    if label is not None:
        field.label = label


class SignInForm(LoginForm):
    """E-mail and password. The answer is the same whether or not there is such an account."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["login"], _("E-mail"), autofocus="autofocus")
        _plain(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""

    def clean(self) -> dict[str, Any]:
        if self.errors:
            return dict(self.cleaned_data)
        counted = list(delays.at_the_password(self.cleaned_data["login"], place_of(self.request)))
        user = User.objects.filter(email=self.cleaned_data["login"].lower()).first()
        try:
            signin.charge(counted, user=user, at=clock.now())
        except TooManyFailures as wait:
            raise ValidationError(str(wait), code=wait.code) from wait
        cleaned: dict[str, Any] = super().clean()
        if not self.errors:
            signin.take_back(counted)
        return cleaned


class PasswordAgainForm(ReauthenticateForm):
    """The password once more, for those without a second factor."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["password"], _("Password"))
        self.fields["password"].help_text = ""

    def clean_password(self) -> str:
        counted = list(delays.at_the_password(self.user.email, place_of(context.request)))
        try:
            signin.charge(counted, user=self.user, at=clock.now())
        except TooManyFailures as wait:
            raise ValidationError(str(wait), code=wait.code) from wait
        password: str = super().clean_password()
        signin.take_back(counted)
        return password


class _CodeForm(forms.Form):
    """A code of the authenticator app, or a recovery code."""

    user: User

    def show(self) -> None:
        _plain(self.fields["code"], _("Code"), inputmode="numeric", autofocus="autofocus")
        self.fields["code"].help_text = _("Six digits from your authenticator app, or one of your recovery codes.")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        counted = list(delays.at_the_factor(self.user.pk, place_of(context.request)))
        try:
            signin.charge(counted, user=self.user, at=clock.now())
        except TooManyFailures as wait:
            raise ValidationError(str(wait), code=wait.code) from wait
        found = signin.use_code(user=self.user, code=code, at=clock.now())
        if found is None:
            raise get_adapter().validation_error("incorrect_code")
        found.user = self.user
        self.authenticator = found
        signin.take_back(counted)
        return code


class CodeForm(_CodeForm, mfa.AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show()


class CodeAgainForm(_CodeForm, mfa.ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.show()


class AddAppForm(ActivateTOTPForm):
    """The first code of an authenticator app proves that it has the secret."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["code"], _("Code"), inputmode="numeric")
        self.fields["code"].help_text = _("The six digits that the app shows now.")

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        step = factors.step_of(self.secret, code, after=0, at=clock.now())
        if step is None:
            raise get_adapter().validation_error("incorrect_code")
        # The view keeps it with the app, so that this code is no good for signing in.
        self.step = step
        return code


class AddKeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["name"], _("Name of the key"), maxlength="60")
        self.fields["name"].help_text = _("So that you tell it from others, such as “blue key at my key ring”.")


class NewPasswordForm(ChangePasswordForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _plain(self.fields["oldpassword"], _("Present password"))
        _plain(self.fields["password1"], _("New password"))
        _plain(self.fields["password2"], _("New password again"))
        self.fields["oldpassword"].help_text = ""
