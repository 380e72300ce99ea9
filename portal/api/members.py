"""Members and invitations of a tenant."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import OpenApiExample, extend_schema
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.access import membership_for
from portal.api.base import ApiListView, ApiView, read_body
from portal.api.serializers import InvitationSerializer, MemberSerializer
from portal.models import Invitation, Membership, Role
from portal.services.members import (
    change_role,
    create_invitation,
    remove_member,
    resend_invitation,
    withdraw_invitation,
)


class MemberList(ApiListView[Membership]):
    @extend_schema(operation_id="members_list", responses=MemberSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Who belongs to the tenant, with which role."""
        tenant = membership_for(request, slug, Role.READ).tenant
        return self.page_of(tenant.memberships.select_related("user"), MemberSerializer)


class MemberDetail(ApiView):
    @extend_schema(
        request=MemberSerializer,
        responses=MemberSerializer,
        examples=[OpenApiExample("May write from now on", {"role": "write"}, request_only=True)],
    )
    def patch(self, request: Request, slug: str, member_id: int) -> Response:
        """Change the role. 409 for the last owner, and for roles above the caller's."""
        actor = membership_for(request, slug, Role.ADMIN)
        member = _member(actor, member_id)
        asked = read_body(MemberSerializer, request, partial=True)
        if "role" in asked:
            change_role(member, asked["role"], actor=actor)
        return Response(MemberSerializer(member).data)

    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, member_id: int) -> Response:
        """Remove the member, or leave."""
        actor = membership_for(request, slug, Role.READ)
        member = _member(actor, member_id)
        if member.pk != actor.pk:
            membership_for(request, slug, Role.ADMIN)
        remove_member(member, actor=actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


def _member(actor: Membership, member_id: int) -> Membership:
    return get_object_or_404(actor.tenant.memberships.select_related("user", "tenant"), pk=member_id)


class InvitationList(ApiListView[Invitation]):
    @extend_schema(operation_id="invitations_list", responses=InvitationSerializer(many=True))
    def get(self, request: Request, slug: str) -> Response:
        """Who is invited and has not answered yet. Needs the role admin."""
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        return self.page_of(tenant.invitations.all(), InvitationSerializer)

    @extend_schema(
        request=InvitationSerializer,
        responses={201: InvitationSerializer},
        examples=[
            OpenApiExample(
                "Somebody who reads", {"email": "ida@example.org", "role": "read"}, request_only=True
            )
        ],
    )
    def post(self, request: Request, slug: str) -> Response:
        """Invite an address by mail."""
        actor = membership_for(request, slug, Role.ADMIN)
        asked = read_body(InvitationSerializer, request)
        made = create_invitation(actor.tenant, asked["email"], asked["role"], actor=actor)
        return Response(InvitationSerializer(made).data, status=status.HTTP_201_CREATED)


def _invitation(actor: Membership, invitation_id: int) -> Invitation:
    found = actor.tenant.invitations.select_related("tenant").filter(pk=invitation_id).first()
    if found is None:
        raise Http404("No such invitation")
    return found


class InvitationDetail(ApiView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Withdraw it."""
        actor = membership_for(request, slug, Role.ADMIN)
        withdraw_invitation(_invitation(actor, invitation_id), actor=actor)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationResend(ApiView):
    @extend_schema(request=None, responses=InvitationSerializer)
    def post(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Mail a new link; the earlier one stops working."""
        actor = membership_for(request, slug, Role.ADMIN)
        invitation = _invitation(actor, invitation_id)
        resend_invitation(invitation, actor=actor)
        return Response(InvitationSerializer(invitation).data)
