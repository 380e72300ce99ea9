"""A person's own account."""

from portal.models import User


def change_account(user: User, *, name: str | None = None, wants_notices: bool | None = None) -> None:
    """Change what is given; the rest stays."""
    user.name = user.name if name is None else name
    user.wants_notices = user.wants_notices if wants_notices is None else wants_notices
    user.save(update_fields=["name", "wants_notices"])
