"""The public page that checks certificates."""

from django.urls import path

from privacy.retention import views

app_name = "retention"
urlpatterns = [
    path("verify/", views.verify, name="verify"),
    path("verify/answers/", views.answers, name="answers"),
]
