"""The log for everybody; no language, no sign-in."""

from django.urls import path

from privacy.ledger import views

urlpatterns = [
    path("log/checkpoint", views.checkpoint, name="log-checkpoint"),
    path("log/witness-policy", views.witness_policy, name="log-witness-policy"),
    path("log/tile/<path:address>", views.tile, name="log-tile"),
    path("log/<slug:name>.py", views.program, name="log-program"),
    path(".well-known/ledger-vkeys", views.verifier_keys, name="log-keys"),
    path(".well-known/paper-vkeys", views.paper_keys, name="paper-keys"),
]
