from django.urls import path

from privacy.accounts import views

app_name = "accounts"
urlpatterns = [path("", views.staff, name="staff")]
