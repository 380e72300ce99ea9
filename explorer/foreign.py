"""Servers elsewhere: opened by base URL, shared with a tenant, and everything sent through the guarded client."""

from django.contrib.sessions.backends.base import SessionBase
from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.shortcuts import get_object_or_404

from deployments.upstream import check_upstream
from explorer import server_credentials
from explorer.building.outgoing import Outgoing
from explorer.held import Held, list_held
from explorer.models import ForeignServer
from explorer.targets import Target
from portal.access import list_open_memberships
from portal.models import Membership, Role, Tenant, User

MOST_SERVERS = 20


def open_server(user: User, base: str, answers_in: str) -> ForeignServer:
    """Remember a server, or what is new about it. Raises ValidationError for an address that Fireside may not send to."""
    url = check_upstream(base)
    found = ForeignServer.objects.filter(user=user, base=url).first() or ForeignServer(user=user, base=url)
    found.format = answers_in
    found.save()
    mine = ForeignServer.objects.filter(user=user, shared_with=None)
    kept = list(mine[:MOST_SERVERS].values_list("pk", flat=True))
    mine.exclude(pk__in=kept).delete()
    return found


def list_servers(user: User) -> list[ForeignServer]:
    """One's own, and those that somebody shares with a tenant one is a member of."""
    return list(_visible(user).select_related("shared_with", "user"))


def get_server_for(user: User, server_id: str) -> ForeignServer:
    """A server that one may explore. Raises Http404 for anybody else's."""
    server: ForeignServer = get_object_or_404(_visible(user), pk=server_id)
    # Whose credentials its pages show and send: those of the one who is signed in.
    server.explored_by = user
    return server


def share_server(server: ForeignServer, by: User, tenant: Tenant | None) -> None:
    """With a tenant in which one may write, or with nobody (None). Credentials are never shared. Raises ValidationError."""
    if server.user_id != by.pk:
        raise ValidationError("Only who opened a server shares it.")
    if tenant is not None and not _may_share(by, tenant):
        raise ValidationError("Sharing needs the role Write in the tenant.")
    server.shared_with = tenant
    server.save(update_fields=["shared_with"])
    if tenant is None:
        server_credentials.forget_all_but(server, by)


def forget_server(server: ForeignServer, by: User) -> None:
    """One's own with everything; of one that is shared by somebody else, one's own credentials."""
    if server.user_id == by.pk:
        server.delete()
    else:
        server_credentials.forget_of(server, by)


def list_credentials(session: SessionBase, target: Target) -> list[Held]:
    """What a person may send requests to this target with."""
    if isinstance(target, ForeignServer):
        return server_credentials.list_held(target, target.explored_by)
    return list_held(session, target)


def credential_in_use(session: SessionBase, target: Target) -> Held | None:
    return next((held for held in list_credentials(session, target) if held.active), None)


def addressed(request: Outgoing, server: ForeignServer) -> Outgoing:
    """The request as it leaves for the server: marked as one for outside, the answer's format in `_format`."""
    wants_xml = any(name == "Accept" and "xml" in value for name, value in request.headers)
    mark = "&" if "?" in request.url else "?"
    return request.going_out(f"{request.url}{mark}_format={'xml' if wants_xml else 'json'}")


def _visible(user: User) -> QuerySet[ForeignServer]:
    tenants = list_open_memberships(user).values("tenant")
    return ForeignServer.objects.filter(Q(user=user) | Q(shared_with__in=tenants))


def _may_share(user: User, tenant: Tenant) -> bool:
    membership = Membership.objects.filter(user=user, tenant=tenant).first()
    return membership is not None and membership.may(Role.WRITE)
