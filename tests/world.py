"""One of each thing that an address of a tenant or a deployment can name."""

import re
from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django.test import Client

from credentials.access import parse_access
from credentials.models import ApplicationKind, AuthenticationServer, ServerKind
from credentials.services import create_api_key
from deployments import transfers
from deployments.models import Deployment, Job, JobState, Region, State
from explorer.models import ForeignServer
from fhirserver import partitions
from gateway.models import RequestLog
from gateway.recorder import recorder
from portal.models import Membership, Role, Tenant, User, Webhook
from portal.notifications.events import send_test
from portal.notifications.signing import new_secret
from portal.services.members import create_invitation
from portal.services.tokens import create_token
from smart.applications import Registration, create_application
from smart.servers import integrated_server
from smart.users import create_user


def running_deployment(tenant: Tenant, **more: Any) -> Deployment:
    """Ward 7 with room of its own in the local region, or what else is said."""
    region = Region.objects.get(name="local")
    usual = {"name": "Ward 7", "region": region, "size": "xs"}
    room = partitions.reserve(region.database).number
    return Deployment.objects.create(tenant=tenant, state=State.RUNNING, partition=room, **(usual | more))


@dataclass
class World:
    """One of each thing that an address can name, by the name of the parameter."""

    ids: dict[str, object]

    special: dict[str, object]

    def address(self, path: str, name: str) -> str:
        """`special` goes before `ids`: by the name of the route, without its app, and of the parameter."""
        plain = name.split(":")[-1]

        def fill(found: re.Match[str]) -> str:
            return str(self.special.get(f"{plain} {found[1]}") or self.ids[found[1]])

        if name.startswith("servers:"):
            path = path.replace("<slug:server_id>", str(self.ids["foreign_server"]))
        return "/" + re.sub(r"<\w+:(\w+)>", fill, re.sub(r"\^|\$|\(\?P<path>.*\)", "", path))


def build_world(tenant: Tenant, deployment: Deployment, alice: User) -> World:
    """Dora is a third member, so that there is somebody to change, remove and revoke."""
    dora = User.objects.create_user("dora@example.org", "correct-horse-battery", name="Dora")
    member = Membership.objects.create(tenant=tenant, user=dora, role=Role.READ)
    owner = tenant.memberships.get(user=alice)
    webhook = Webhook.objects.create(tenant=tenant, url="https://hooks.example/", secret=new_secret())
    application, _ = create_application(
        integrated_server(deployment),
        Registration(
            name="Chart",
            kind=ApplicationKind.CONFIDENTIAL,
            redirect_uris=["https://app.example/callback"],
            allowed_scopes="openid patient/*.rs",
        ),
        by=alice,
    )
    recorder.forget()
    Client().get(f"/fhir/{deployment.pk}/r4/Patient")
    recorder.flush()
    key, _ = create_api_key(deployment, by=alice, name="Lab", access=parse_access({"kind": "full"}))
    external = AuthenticationServer.objects.create(
        deployment=deployment, kind=ServerKind.EXTERNAL, name="Elsewhere", issuer="https://idp.example"
    )
    own, _ = create_token(alice, "own", Role.READ, tenant=None, expires=None)
    return World(
        {
            "slug": tenant.slug,
            "deployment_id": deployment.pk,
            "member_id": member.pk,
            "invitation_id": create_invitation(tenant, "emil@example.org", Role.READ, actor=owner).pk,
            "webhook_id": webhook.pk,
            "delivery_id": send_test(webhook).pk,
            "token_id": create_token(dora, "x", Role.READ, tenant=tenant, expires=None)[0].pk,
            "service": "fhir-server",
            "job_id": failed_import(deployment).pk,
            "session_id": UserSession.objects.create(user=alice, session_key="elsewhere", ip="192.0.2.7").pk,
            "name": "errors",
            "preset": "synthea-5",
            "upload": transfers.begin_upload(deployment),
            "public_id": key.public_id,
            "application_id": application.pk,
            "secret_id": application.secrets.get().pk,
            "user_id": create_user(deployment, username="ida").pk,
            "server_id": external.pk,
            "trace_id": RequestLog.objects.get().trace_id,
            "resource_type": "Patient",
            "logical_id": "nobody",
            "sent_id": 1,
            "saved_id": 1,
            "foreign_server": ForeignServer.objects.create(user=alice, base="https://fhir.example.org/r4").pk,
            "step": "options",
            "secret": "unknown",
            "token": "unknown",
            "pk": 1,
        },
        {
            "datatype name": "HumanName",
            "elements path": "Patient.name",
            "guide slug": "roles",
            "token-revoke token_id": own.pk,
            "token token_id": own.pk,
        },
    )


def failed_import(deployment: Deployment) -> Job:
    job = Job.objects.create(
        kind="import", deployment=deployment, state=JobState.FAILED, result={"errors": 1}, steps=[]
    )
    (transfers.job_directory(job) / "errors.ndjson").write_text('{"line": 1}\n')
    return job
