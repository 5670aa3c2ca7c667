from django.urls import path

from consents import views
from consents.contacts import views as contacts
from consents.representatives import views as representatives

app_name = "consents"
urlpatterns = [
    path("consents/", views.home, name="home"),
    path("consents/proof/<slug:code>/", views.begin, name="begin"),
    path("consents/waiting/", views.waiting, name="waiting"),
    path("consents/leave/", views.leave, name="leave"),
    path("consents/receipts/<str:reference>/", views.receipt, name="receipt"),
    path("consents/receipts/<str:reference>/code/", views.new_code, name="code"),
    path("consents/destructions/<uuid:plan>/", views.destruction, name="destruction"),
    path("consents/contacts/", contacts.contacts, name="contacts"),
    path("consents/contacts/verify/", contacts.verify, name="verify"),
    path("consents/contacts/<uuid:contact>/", contacts.contact, name="contact"),
    path("consents/age/", representatives.age, name="age"),
    path("consents/age/representative/", representatives.name, name="name_representative"),
    path("consents/children/", representatives.children, name="children"),
    path("consents/representative/", representatives.home, name="representative"),
    path("consents/representative/leave/", representatives.leave, name="leave_representative"),
    path("consents/representative/texts/", representatives.texts, name="representative_texts"),
    path("consents/<slug:code>/", views.agreement, name="agreement"),
]
