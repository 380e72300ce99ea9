"""What the shell around each page shows: `shell` in every template, computed only where it is used."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.http import HttpRequest

from portal.access import follow_page, list_tenants
from portal.models import Tenant
from portal.navigation import Banner, entry_url, list_banners, list_entries
from portal.two_steps import is_wanted

THEME_COOKIE = "theme"
THEMES = ("auto", "light", "dark")
DISMISSED_KEY = "dismissed_banners"


@dataclass(frozen=True)
class NavigationLine:
    label: str
    url: str
    icon: str
    current: bool


class Shell:
    """Lazy: a page that does not show the navigation does not pay for it."""

    def __init__(self, request: HttpRequest) -> None:
        self._request = request
        self.version = settings.VERSION

    @cached_property
    def theme(self) -> str:
        chosen = self._request.COOKIES.get(THEME_COOKIE, "auto")
        return chosen if chosen in THEMES else "auto"

    @cached_property
    def offers_sign_up(self) -> bool:
        """Whether whoever asks could make an account: a link that leads to a closed door is none."""
        return bool(get_adapter(self._request).is_open_for_signup(self._request))

    @cached_property
    def tenant(self) -> Tenant | None:
        return follow_page(self._request) if hasattr(self._request, "user") else None

    @cached_property
    def may_go_on(self) -> bool:
        """Whether two-step sign-in is set up now that kept a page shut before."""
        return is_wanted(self._request)

    @cached_property
    def tenants(self) -> list[Tenant]:
        return list_tenants(self._request.user)

    @cached_property
    def entries(self) -> list[NavigationLine]:
        path = self._request.path
        lines = []
        for entry in list_entries():
            url = entry_url(entry, self.tenant)
            if url is not None:
                lines.append(NavigationLine(entry.label, url, entry.icon, path.startswith(entry.prefix)))
        return lines

    @cached_property
    def banners(self) -> list[Banner]:
        if self.tenant is None:
            return []
        dismissed = self._request.session.get(DISMISSED_KEY, [])
        return [banner for banner in list_banners(self._request, self.tenant) if banner.name not in dismissed]

    @cached_property
    def initials(self) -> str:
        user = self._request.user
        words = user.get_full_name().split() if user.is_authenticated else []
        return "".join(word[0] for word in words[:2]).upper() or "?"


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"shell": Shell(request)}
