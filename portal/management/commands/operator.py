"""`manage.py operator EMAIL`: who runs the installation sees the operator's pages."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.models import User
from portal.services.accounts import set_operator


class Command(BaseCommand):
    help = "Give a person who has an account the operator's pages, or take them away; without EMAIL: who has them."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", help="the address that the person signs in with")
        parser.add_argument("--remove", action="store_true", help="take the operator's pages away")

    def handle(self, *args: Any, email: str | None, remove: bool, **options: Any) -> None:
        if email is None:
            operators = User.objects.filter(is_staff=True, is_active=True).order_by("email")
            self.stdout.write("\n".join(one.email for one in operators) or "There is no operator yet.")
            return
        user = User.objects.filter(email__iexact=email).first()
        if user is None:
            raise CommandError(f"Nobody signs in with {email}. Sign up first.")
        set_operator(user, not remove)
        done = "is no operator any more" if remove else "is an operator now: /operator/ is in the menu"
        self.stdout.write(f"{user.email} {done}.")
