"""Addresses of signing in; the names are allauth's, which leads people from one to the other by them."""

from django.urls import path

from privacy.accounts.signin import views
from privacy.accounts.views import representative

urlpatterns = [
    path("sign-in/", views.SignInPage.as_view(), name="account_login"),
    path("sign-in/company/", views.company_login, name="company_login"),
    path("sign-in/second/", views.SecondFactorPage.as_view(), name="mfa_authenticate"),
    path("invitation/<str:token>/", views.accept_invitation, name="accept-invitation"),
    path("representative/<str:token>/", representative, name="representative"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("staff/security/", views.security, name="mfa_index"),
    path("staff/security/confirm/", views.ReauthenticateByPassword.as_view(), name="account_reauthenticate"),
    path("staff/security/confirm/code/", views.ReauthenticateByCode.as_view(), name="mfa_reauthenticate"),
    path(
        "staff/security/confirm/key/", views.ReauthenticateBySecurityKey.as_view(), name="mfa_reauthenticate_webauthn"
    ),
    path("staff/security/password/", views.NewPassword.as_view(), name="account_change_password"),
    path("staff/security/app/", views.AddTotp.as_view(), name="mfa_activate_totp"),
    path("staff/security/app/remove/", views.RemoveTotp.as_view(), name="mfa_deactivate_totp"),
    path("staff/security/codes/", views.ShowRecoveryCodes.as_view(), name="mfa_view_recovery_codes"),
    path("staff/security/codes/renew/", views.RenewRecoveryCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("staff/security/key/", views.AddSecurityKey.as_view(), name="mfa_add_webauthn"),
    path("staff/security/key/<int:pk>/remove/", views.RemoveSecurityKey.as_view(), name="mfa_remove_webauthn"),
    path("staff/security/sessions/end/", views.end_other_sessions, name="end-other-sessions"),
    path("staff/security/sessions/<uuid:pk>/end/", views.end_session, name="end-session"),
]
