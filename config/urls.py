"""Four doors, four blocks: data subjects, employees, the office, machines."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import guide, views
from privacy.accounts.signin import views as signin

handler500 = views.server_error_page

urlpatterns: list[URLPattern | URLResolver] = [
    # for the supervisor and the load balancer
    path("livez", views.livez, name="livez"),
    path("readyz", views.readyz, name="readyz"),
    # where the company's identity provider sends people back to: one address, whatever the language
    path("sign-in/company/back/", signin.company_callback, name="company_callback"),
    # /api/v1/: device gateways
    path("api/v1/", include("devices.urls")),
]

# /staff/ and /office/: employees; officer, handlers, auditors
urlpatterns += i18n_patterns(
    path("", include("privacy.accounts.signin.urls")),
    path("welcome/", views.after_sign_in, name="after-sign-in"),
    path("staff/", include("privacy.accounts.urls")),
    path("staff/", include("privacy.workforce.urls")),
    path("office/", admin.site.urls),
    # /: data subjects
    path("guide/", guide.index, name="guides"),
    path("guide/<slug:code>/", guide.guide, name="guide"),
    path("", include("privacy.policies.urls")),
    path("", include("privacy.rights.urls")),
    path("", include("privacy.incidents.urls")),
    path("", include("privacy.disclosures.urls")),
    path("", include("privacy.retention.urls")),
    path("", include("consents.urls")),
    path("", include("privacy.safeguards.urls")),
    prefix_default_language=False,
)
