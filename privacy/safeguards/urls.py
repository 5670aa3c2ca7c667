"""The calendar feed."""

from django.urls import path

from privacy.safeguards import views

app_name = "safeguards"
urlpatterns = [
    path("calendar/<str:token>.ics", views.calendar, name="calendar"),
]
