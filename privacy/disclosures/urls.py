"""A recipient's page."""

from django.urls import path

from privacy.disclosures import views

app_name = "disclosures"
urlpatterns = [
    path("ack/<str:token>/", views.acknowledge, name="acknowledge"),
]
