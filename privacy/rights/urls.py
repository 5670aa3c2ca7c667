"""The public door for the rights."""

from django.urls import path

from privacy.rights import opening_views, views

app_name = "rights"
urlpatterns = [
    path("rights/", views.guide, name="guide"),
    path("rights/request/", views.request_form, name="request"),
    path("rights/power-of-attorney/", views.power_of_attorney_form, name="power-of-attorney"),
    path("rights/case/", views.case, name="case"),
    path("rights/case/leave/", views.leave, name="leave"),
    path("rights/case/device/", views.confirm_device, name="confirm-device"),
    path("rights/case/withdraw/", views.withdraw, name="withdraw"),
    path("rights/case/stop/", views.stop_destruction, name="stop-destruction"),
    path("rights/case/document/", views.send_document, name="document"),
    path("rights/case/message/", views.send_message, name="message"),
    path("rights/case/objection/", views.object_to, name="object"),
    path("rights/case/download/", views.download, name="download"),
    path("rights/case/download/device/", views.confirm_download, name="confirm-download"),
    path("rights/case/letter/<str:reference>/", views.letter, name="letter"),
    path("rights/case/opened/", opening_views.openings, name="openings"),
    path("rights/case/opened/proofs/", opening_views.proofs, name="opening-proofs"),
    path("rights/case/opened/<int:number>/", opening_views.proof, name="opening-proof"),
]
