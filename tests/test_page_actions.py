"""Whatever members do on a page, a program can do by the Management API; what belongs to the browser alone is named with its reason."""

from portal.models import Role
from portal.rights import list_rights

BY_PAGE_ALONE = {
    "Explore the API with an own key or token, whose rights decide": "programs send the requests themselves",
    "Keep own requests, and compose Bundles of them": "kept for the person who explores, not for the team",
    "Try an application, and launch it as an EHR would": "a browser is sent through the application's own pages",
    "Create deployments": "the wizard's steps; POST /api/v1/deployments/ takes all answers at once",
}


def test_every_change_on_a_page_can_be_made_by_a_call() -> None:
    missing = set()
    for role in Role:
        for right in list_rights(role):
            changes = [name for method, name in right.calls() if method != "GET"]
            if changes and not any("-api:" in name for name in changes):
                missing.add(right.words)
    assert missing == BY_PAGE_ALONE.keys()
