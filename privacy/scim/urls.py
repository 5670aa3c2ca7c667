"""``/scim/v2/``: the door of the company's directory. Open to the login middleware: a token is asked for instead."""

from django.urls import path, re_path

from privacy.scim import views

app_name = "scim"
urlpatterns = [
    path("Users", views.users, name="users"),
    path("Users/<str:identifier>", views.user, name="user"),
    path("ServiceProviderConfig", views.service_provider_config, name="service-provider-config"),
    path("ResourceTypes", views.resource_types, name="resource-types"),
    path("ResourceTypes/<str:code>", views.resource_types, name="resource-type"),
    path("Schemas", views.schemas, name="schemas"),
    path("Schemas/<str:code>", views.schemas, name="schema"),
    re_path(r"^Groups(?:/[\s\S]*)?$", views.groups, name="groups"),
    re_path(r"^[\s\S]*$", views.nothing),
]
