"""Four doors: data subjects, employees, the office, machines. A process has its own of them (PORTAL_PROCESS)."""

from config import views
from config.urls_intake import HEALTH, MACHINES
from config.urls_pages import PEOPLE

handler500 = views.server_error_page

urlpatterns = [*HEALTH, *MACHINES, *PEOPLE]
