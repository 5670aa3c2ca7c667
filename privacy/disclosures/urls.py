"""A recipient's pages, and where its own system answers."""

from django.urls import path

from privacy.disclosures import views

app_name = "disclosures"
urlpatterns = [
    path("ack/<str:token>/", views.acknowledge, name="acknowledge"),
    path("ack/<str:token>/answer/", views.prove, name="prove"),
    path("notices/<str:reference>/answer/", views.answer_call, name="answer-call"),
]
