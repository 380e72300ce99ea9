"""Members and invitations of a tenant."""

from django.http import Http404
from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework import generics, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from portal.api.access import membership_for
from portal.api.serializers import InvitationSerializer, MemberSerializer
from portal.models import Invitation, Membership, Role
from portal.services.members import (
    change_role,
    create_invitation,
    remove_member,
    resend_invitation,
    withdraw_invitation,
)


class MemberList(generics.ListAPIView[Membership]):
    """Who belongs to the tenant, with which role."""

    serializer_class = MemberSerializer
    queryset = Membership.objects.none()

    def list(self, request: Request, slug: str) -> Response:
        tenant = membership_for(request, slug, Role.READ).tenant
        page = self.paginate_queryset(tenant.memberships.select_related("user"))
        return self.get_paginated_response(MemberSerializer(page, many=True).data)


class MemberDetail(APIView):
    @extend_schema(request=MemberSerializer, responses=MemberSerializer)
    def patch(self, request: Request, slug: str, member_id: int) -> Response:
        """Change the role. 409 for the last owner, and for roles above the caller's."""
        actor = membership_for(request, slug, Role.ADMIN)
        member = _member(actor, member_id)
        read = MemberSerializer(data=request.data)
        read.is_valid(raise_exception=True)
        change_role(member, read.validated_data["role"], actor=actor)
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


class InvitationList(generics.ListAPIView[Invitation]):
    """Who is invited and has not answered yet. Needs the role admin."""

    serializer_class = InvitationSerializer
    queryset = Invitation.objects.none()

    def list(self, request: Request, slug: str) -> Response:
        tenant = membership_for(request, slug, Role.ADMIN).tenant
        page = self.paginate_queryset(tenant.invitations.all())
        return self.get_paginated_response(InvitationSerializer(page, many=True).data)

    @extend_schema(request=InvitationSerializer, responses={201: InvitationSerializer})
    def post(self, request: Request, slug: str) -> Response:
        """Invite an address by mail."""
        actor = membership_for(request, slug, Role.ADMIN)
        read = InvitationSerializer(data=request.data)
        read.is_valid(raise_exception=True)
        made = create_invitation(
            actor.tenant, read.validated_data["email"], read.validated_data["role"], actor=actor
        )
        return Response(InvitationSerializer(made).data, status=status.HTTP_201_CREATED)


def _invitation(actor: Membership, invitation_id: int) -> Invitation:
    found = actor.tenant.invitations.select_related("tenant").filter(pk=invitation_id).first()
    if found is None:
        raise Http404("No such invitation")
    return found


class InvitationDetail(APIView):
    @extend_schema(responses={204: None})
    def delete(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Withdraw it."""
        actor = membership_for(request, slug, Role.ADMIN)
        withdraw_invitation(_invitation(actor, invitation_id), actor=actor.user)
        return Response(status=status.HTTP_204_NO_CONTENT)


class InvitationResend(APIView):
    @extend_schema(request=None, responses=InvitationSerializer)
    def post(self, request: Request, slug: str, invitation_id: int) -> Response:
        """Mail a new link; the earlier one stops working."""
        actor = membership_for(request, slug, Role.ADMIN)
        invitation = _invitation(actor, invitation_id)
        resend_invitation(invitation, actor=actor)
        return Response(InvitationSerializer(invitation).data)
