"""`/deployments/<id>/api/…`: API Development."""

from django.urls import path

from explorer.page_urls import pages
from explorer.views import authorize, tour

app_name = "explorer"

urlpatterns = [
    path("authorize/", authorize.authorize, name="authorize"),
    path("authorize/use/", authorize.use, name="use"),
    path("authorize/forget/", authorize.forget, name="forget"),
    path("tour/", tour.tour, name="tour"),
    *pages,
]
