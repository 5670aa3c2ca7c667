from django.urls import path

from privacy.workforce import views

app_name = "workforce"
urlpatterns = [
    path("pledges/", views.pledges, name="pledges"),
    path("pledges/sign/<slug:occasion>/", views.sign, name="sign"),
    path("pledges/<str:reference>/", views.pledge, name="pledge"),
    path("pledges/<str:reference>/paper/", views.pledge_paper, name="pledge-paper"),
    path("training/", views.training, name="training"),
    path("training/<slug:code>/", views.course, name="course"),
]
