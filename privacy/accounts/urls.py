from django.urls import path

from privacy.accounts import views

app_name = "accounts"
urlpatterns = [
    path("", views.staff, name="staff"),
    path("access/", views.access, name="access"),
    path("access/<str:reference>/withdraw/", views.withdraw, name="withdraw-request"),
]
