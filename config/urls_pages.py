"""What the pages process answers: health, and the three doors of people; gateways have a process of their own."""

from django.conf.urls.i18n import i18n_patterns
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

from config import api_reference, guide, views
from config.urls_intake import HEALTH
from privacy.accounts.signin import views as signin

PEOPLE: list[URLPattern | URLResolver] = [
    # where the company's identity provider sends people back to: one address, whatever the language
    path("sign-in/company/back/", signin.company_callback, name="company_callback"),
    # the audit trail's hashes, for whoever watches it from outside
    path("", include("privacy.ledger.urls")),
]

# /api/office/v1/: the company's own programs
PEOPLE += [path("api/office/v1/", include("privacy.office_api.urls"))]

# /scim/v2/: the company's directory says who works here
PEOPLE += [path("scim/v2/", include("privacy.scim.urls"))]

# /staff/ and /office/: employees; officer, handlers, auditors
PEOPLE += i18n_patterns(
    path("", include("privacy.accounts.signin.urls")),
    path("welcome/", views.after_sign_in, name="after-sign-in"),
    path("staff/", include("privacy.accounts.urls")),
    path("staff/", include("privacy.workforce.urls")),
    path("office/", admin.site.urls),
    # /: data subjects
    path("api/", api_reference.reference, name="api-reference"),
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

urlpatterns = [*HEALTH, *PEOPLE]
handler500 = views.server_error_page
