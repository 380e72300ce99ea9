"""What each role may do: one declared table, to which each app adds its own rights.

The roles guide shows it, and tests hold every page and every call of the Management API to it: who adds a route adds it here.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from portal.models import Role


def _calls(routes: str) -> Iterator[tuple[str, str]]:
    """Method and name of each route: "GET a b POST c" → GET a, GET b, POST c."""
    method = ""
    for word in routes.split():
        if word.isupper():
            method = word
        else:
            yield method, word


@dataclass(frozen=True)
class Right:
    """Something that members may do from `role` on.

    `routes` are the names of the URLs by which it is done, each behind its method: `"GET portal:members POST portal:invite"`; several names
    may follow one method.
    """

    words: str
    role: Role
    routes: str

    def calls(self) -> Iterator[tuple[str, str]]:
        """Method and name."""
        return _calls(self.routes)


class OpenTo(StrEnum):
    """Who may use what belongs to no tenant. OWN_DOOR: it checks a credential of its own, or is a step of signing in."""

    EVERYONE = "everyone"
    SIGNED_IN = "whoever is signed in"
    WHOSE_IT_IS = "the person whose it is"
    OPERATOR = "the operator"
    OWN_DOOR = "who passes its own door"


@dataclass(frozen=True)
class Opening:
    """Routes that no role of a tenant decides, and why that is right."""

    reason: str
    to: OpenTo
    routes: str

    def calls(self) -> Iterator[tuple[str, str]]:
        """Method and name."""
        return _calls(self.routes)


_rights: list[Right] = []
_openings: list[Opening] = []


def register_rights(*rights: Right) -> None:
    """Called from `AppConfig.ready`."""
    _rights.extend(right for right in rights if right not in _rights)


def register_openings(*openings: Opening) -> None:
    """Called from `AppConfig.ready`."""
    _openings.extend(opening for opening in openings if opening not in _openings)


def list_openings() -> list[Opening]:
    return list(_openings)


def list_rights(role: Role) -> list[Right]:
    """Those that begin with this role, in the order of the apps."""
    return [right for right in _rights if right.role is role]


def role_for(method: str, route: str) -> Role | None:
    """The smallest role that may; None for what is not in the table."""
    return next((right.role for right in _rights if (method, route) in right.calls()), None)


def takes(method: str, route: str) -> bool:
    """Whether the route is declared with this method, for whomever."""
    opened = any((method, route) in opening.calls() for opening in _openings)
    return opened or role_for(method, route) is not None


PORTAL = (
    Right("See the members and their roles, and leave", Role.READ,
          "GET portal:tenant portal:members portal:leave portal-api:tenant portal-api:members"
          " POST portal:tenant-switch portal:leave portal-api:leave"),
    Right("See the usage, the statements and the plan", Role.READ,
          "GET portal:usage portal-api:usage portal-api:usage-csv portal-api:usage-pdf portal-api:subscription"),
    Right("Invite people, change and remove members, up to the own role", Role.ADMIN,
          "GET portal:member-remove portal-api:invitations PATCH portal-api:member"
          " POST portal:invite portal:member-role portal:member-remove portal:invitation-resend"
          " portal:invitation-withdraw portal-api:invitations portal-api:invitation-resend"
          " DELETE portal-api:member portal-api:invitation"),
    Right("Rename the tenant, and require two-step sign-in of its members", Role.ADMIN,
          "GET portal:settings POST portal:settings portal:mfa-rule PATCH portal-api:tenant"),
    Right("Start the trial and subscribe", Role.ADMIN, "PUT portal-api:subscription"),
    Right("Read the audit log: who changed what", Role.ADMIN, "GET portal:audit portal-api:audit-events"),
    Right("Manage webhooks, and see what was delivered to whom", Role.ADMIN,
          "GET portal:notifications portal-api:webhooks portal-api:webhook portal-api:deliveries"
          " POST portal:notifications portal:webhook-change portal:webhook-secret portal:webhook-test"
          " portal:webhook-delete portal:delivery-resend portal-api:webhooks portal-api:webhook-secret"
          " portal-api:webhook-test portal-api:delivery-resend PATCH portal-api:webhook DELETE portal-api:webhook"),
    Right("See and revoke the tokens that were made for the tenant", Role.ADMIN,
          "GET portal:tenant-tokens portal-api:tenant-tokens POST portal:tenant-token-revoke"
          " DELETE portal-api:tenant-token"),
    Right("Transfer the tenant, delete it, and take a deletion back", Role.OWNER,
          "GET portal:transfer portal:delete POST portal:transfer portal:delete portal:restore portal-api:transfer"
          " portal-api:restore DELETE portal-api:tenant"),
)  # fmt: skip

OPENINGS = (
    Opening("What the product is and how it is used; liveness for the load balancer", OpenTo.EVERYONE,
            "GET portal:landing portal:docs portal:guide api-schema api-docs healthz readyz"),
    Opening("Every other address below /api/v1/ answers with a problem", OpenTo.OWN_DOOR,
            "GET api-nothing POST api-nothing PUT api-nothing PATCH api-nothing DELETE api-nothing"),
    Opening("A choice that is kept in a cookie", OpenTo.EVERYONE, "POST portal:theme"),
    Opening("How the pages are made; banners are put away", OpenTo.SIGNED_IN,
            "GET portal:styleguide POST portal:dismiss"),
    Opening("Signing up, signing in and out, a forgotten password", OpenTo.EVERYONE,
            "GET account_login account_signup account_inactive account_reset_password account_password_reset_completed"
            " "
            " POST account_login account_signup account_reset_password portal:password-rules"),
    Opening("Steps of signing in: each goes on only from the one before it", OpenTo.OWN_DOOR,
            "GET account_email_verification_sent account_confirm_login_code account_confirm_password_reset_code"
            " account_complete_password_reset mfa_authenticate mfa_login_webauthn account_logout"
            " POST account_email_verification_sent account_confirm_login_code account_confirm_password_reset_code"
            " account_complete_password_reset mfa_authenticate mfa_login_webauthn account_logout"),
    Opening("An invitation: the mailed secret shows it, signing in as the invited person accepts it", OpenTo.OWN_DOOR,
            "GET portal:invitation POST portal:invitation"),
    Opening("A person's own account", OpenTo.SIGNED_IN,
            "GET portal:account portal:tokens portal-api:me portal-api:tokens"
            " POST portal:account portal:tokens portal-api:tokens PATCH portal-api:me"),
    Opening("A person's own password, second steps and sessions", OpenTo.SIGNED_IN,
            "GET account_reauthenticate account_email account_change_password account_set_password mfa_index"
            " mfa_reauthenticate mfa_activate_totp mfa_deactivate_totp mfa_view_recovery_codes"
            " mfa_generate_recovery_codes mfa_download_recovery_codes mfa_list_webauthn mfa_add_webauthn"
            " mfa_reauthenticate_webauthn usersessions_list"
            " POST account_reauthenticate account_email account_change_password account_set_password"
            " mfa_reauthenticate mfa_activate_totp mfa_deactivate_totp mfa_generate_recovery_codes"
            " mfa_add_webauthn mfa_reauthenticate_webauthn usersessions_list"),
    Opening("A person's own passkeys, found only after the password is given again", OpenTo.SIGNED_IN,
            "GET mfa_remove_webauthn mfa_edit_webauthn POST mfa_remove_webauthn mfa_edit_webauthn"),
    Opening("Leads on to the page that this browser's session wanted, which asks for its own right", OpenTo.SIGNED_IN,
            "GET portal:go-on"),
    Opening("A person's own tokens and sessions", OpenTo.WHOSE_IT_IS,
            "GET portal-api:token POST portal:token-revoke portal:session-end DELETE portal-api:token"),
    Opening("Lists hold only what the person may see; what is made, is made in a tenant where the role allows it",
            OpenTo.SIGNED_IN,
            "GET portal:tenants portal:tenant-new portal:services portal-api:tenants"
            " POST portal:tenant-new portal-api:tenants"),
    Opening("Prices and terms are the same for all; starting a plan needs the role Admin in the tenant that is named",
            OpenTo.SIGNED_IN,
            "GET portal:trial portal:subscribe portal-api:plans portal-api:rates portal-api:estimate"
            " POST portal:trial portal:subscribe"),
    Opening("The installation is its operator's", OpenTo.OPERATOR,
            "GET portal:operator portal:operator-plans portal:operator-features"
            " POST portal:operator-plans portal:operator-features"),
)  # fmt: skip
