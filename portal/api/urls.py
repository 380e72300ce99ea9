"""The portal's part of /api/v1/."""

from django.urls import path

from portal.api import me, members, tenants

app_name = "portal-api"

tenant = "tenants/<slug:slug>/"
urlpatterns = [
    path("me/", me.Me.as_view(), name="me"),
    path("tenants/", tenants.TenantList.as_view(), name="tenants"),
    path(tenant, tenants.TenantDetail.as_view(), name="tenant"),
    path(f"{tenant}members/", members.MemberList.as_view(), name="members"),
    path(f"{tenant}members/<int:member_id>/", members.MemberDetail.as_view(), name="member"),
    path(f"{tenant}invitations/", members.InvitationList.as_view(), name="invitations"),
    path(f"{tenant}invitations/<int:invitation_id>/", members.InvitationDetail.as_view(), name="invitation"),
    path(
        f"{tenant}invitations/<int:invitation_id>/resend/",
        members.InvitationResend.as_view(),
        name="invitation-resend",
    ),
    path(f"{tenant}audit-events/", tenants.AuditEventList.as_view(), name="audit-events"),
    path(f"{tenant}usage/", tenants.Usage.as_view(), name="usage"),
    path(f"{tenant}subscriptions/<slug:service>/", tenants.SubscriptionDetail.as_view(), name="subscription"),
]
