"""Pages of the public door: ``/``, ``/policy/…``, ``/notices/``, ``/officer/``."""

from django.urls import URLPattern, path

from privacy.policies import views

app_name = "policies"
urlpatterns: list[URLPattern] = [
    path("", views.home, name="home"),
    path("policy/", views.policy, name="policy"),
    path("policy/<str:old>..<str:new>/", views.difference_between, name="difference"),
    path("policy/<slug:number>/", views.version, name="version"),
    path("policy/<slug:number>/published/<slug:language>/", views.published_text, name="published"),
    path("officer/", views.officer, name="officer"),
    path("notices/", views.notices, name="notices"),
]
