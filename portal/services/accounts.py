"""A person's own account."""

from django.db import transaction

from portal import audit
from portal.models import User


def change_account(user: User, *, name: str | None = None, wants_notices: bool | None = None) -> None:
    """Change what is given; the rest stays."""
    user.name = user.name if name is None else name
    user.wants_notices = user.wants_notices if wants_notices is None else wants_notices
    user.save(update_fields=["name", "wants_notices"])


@transaction.atomic
def set_operator(user: User, is_operator: bool) -> None:
    """Whether the person sees and changes the installation itself. Only who has a shell on it decides that."""
    if user.is_staff != is_operator:
        user.is_staff = is_operator
        user.save(update_fields=["is_staff"])
        audit.record(
            "operator.changed", tenant=None, actor=None, target=user.email, after={"operator": is_operator}
        )
