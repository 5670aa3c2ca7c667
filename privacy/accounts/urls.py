from django.urls import path

from privacy.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.staff, name="staff"),
    path("explain/<uuid:question>/", views.explain_access, name="explain-access"),
    path("access/", views.access, name="access"),
    path("access/<str:reference>/withdraw/", views.withdraw, name="withdraw-request"),
]
