"""The landing page's live request: sent to the demo deployment with the demo's key, in development only."""

from urllib.parse import urlsplit

from django.conf import settings

from config.demo import remembered_demo
from explorer.showcase import show_search
from portal.showcase import Showcase


def show_demo() -> Showcase | None:
    """None where there is no demo, or it does not answer yet."""
    if not settings.DEVELOPMENT:
        return None
    demo = remembered_demo()
    if not demo.get("fhir_base") or not demo.get("api_key"):
        return None
    path = urlsplit(demo["fhir_base"]).path
    return show_search(f"{settings.PUBLIC_URL}{path}", demo["api_key"])
