"""The complaint page."""

from django.urls import path

from privacy.incidents import views

app_name = "incidents"
urlpatterns = [
    path("complaint/", views.complaint, name="complaint"),
]
