"""The complaint page and its status page."""

from django.urls import path

from privacy.incidents import views

app_name = "incidents"
urlpatterns = [
    path("complaint/", views.complaint, name="complaint"),
    path("complaint/status/", views.status, name="status"),
    path("complaint/status/leave/", views.leave, name="leave"),
]
