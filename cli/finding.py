"""Deployments and tenants as people name them."""

import re
from typing import Any

from cli.client import Api
from cli.errors import CommandError, Exit

_ID = re.compile(r"[a-z0-9]{12}")


def find_deployment(api: Api, wanted: str) -> str:
    """The id of a deployment, from its id or its name. Raises CommandError."""
    if _ID.fullmatch(wanted):
        try:
            return str(api.get(f"deployments/{wanted}/")["id"])
        except CommandError as error:
            if error.code is not Exit.NOT_FOUND:
                raise
    found = [one for one in api.pages("deployments/", name=wanted) if one["name"].lower() == wanted.lower()]
    if not found:
        raise CommandError(f"There is no deployment {wanted}. {shut_words(api)}".rstrip(), Exit.NOT_FOUND)
    if len(found) > 1:
        choices = ", ".join(f"{one['id']} ({one['tenant']})" for one in found)
        raise CommandError(f"Several deployments are named {wanted}: {choices}. Give the id.", Exit.USAGE)
    return str(found[0]["id"])


def shut_words(api: Api) -> str:
    """Which tenants nothing is found in, and how to open them; empty where there are none."""
    shut = ", ".join(api.get("me/")["shut_tenants"])
    place = f"{api.address}/accounts/2fa/"
    return f"Left out: {shut}. Two-step sign-in is required there: set it up at {place}." if shut else ""


def only_tenant(api: Api) -> str:
    """The slug of the tenant, where there is no choice. Raises CommandError."""
    tenants: list[dict[str, Any]] = list(api.pages("tenants/"))
    if len(tenants) != 1:
        slugs = ", ".join(tenant["slug"] for tenant in tenants) or "none"
        raise CommandError(f"Say which tenant with --tenant: {slugs}.", Exit.USAGE)
    return str(tenants[0]["slug"])
