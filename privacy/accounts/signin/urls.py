"""Addresses of signing in; the names are allauth's, which leads people from one to the other by them."""

from django.urls import path

from privacy.accounts.signin import views

urlpatterns = [
    path("sign-in/", views.SignInPage.as_view(), name="account_login"),
    path("sign-in/company/", views.to_company, name="company_login"),
    path("sign-in/second/", views.SecondFactorPage.as_view(), name="mfa_authenticate"),
    path("sign-out/", views.SignOut.as_view(), name="sign-out"),
    path("staff/security/", views.security, name="mfa_index"),
    path("staff/security/confirm/", views.ConfirmByPassword.as_view(), name="account_reauthenticate"),
    path("staff/security/confirm/code/", views.ConfirmByCode.as_view(), name="mfa_reauthenticate"),
    path("staff/security/confirm/key/", views.ConfirmByKey.as_view(), name="mfa_reauthenticate_webauthn"),
    path("staff/security/password/", views.NewPassword.as_view(), name="account_change_password"),
    path("staff/security/app/", views.AddApp.as_view(), name="mfa_activate_totp"),
    path("staff/security/app/remove/", views.RemoveApp.as_view(), name="mfa_deactivate_totp"),
    path("staff/security/codes/", views.ShowCodes.as_view(), name="mfa_view_recovery_codes"),
    path("staff/security/codes/renew/", views.RenewCodes.as_view(), name="mfa_generate_recovery_codes"),
    path("staff/security/key/", views.AddKey.as_view(), name="mfa_add_webauthn"),
    path("staff/security/key/<int:pk>/remove/", views.RemoveKey.as_view(), name="mfa_remove_webauthn"),
    path("staff/security/sessions/end/", views.end_other_sessions, name="end-other-sessions"),
    path("staff/security/sessions/<uuid:pk>/end/", views.end_session, name="end-session"),
]
