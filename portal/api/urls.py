"""The portal's part of /api/v1/."""

from django.urls import path

from portal.api import me, members, money, tenants, tokens, webhooks

app_name = "portal-api"

tenant = "tenants/<slug:slug>/"
hook = f"{tenant}webhooks/<int:webhook_id>/"
urlpatterns = [
    path("me/", me.Me.as_view(), name="me"),
    path("plans/", money.PlanList.as_view(), name="plans"),
    path("rates/", money.RateList.as_view(), name="rates"),
    path("estimate/", money.EstimateDetail.as_view(), name="estimate"),
    path("tokens/", tokens.TokenList.as_view(), name="tokens"),
    path("tokens/<int:token_id>/", tokens.TokenDetail.as_view(), name="token"),
    path("tenants/", tenants.TenantList.as_view(), name="tenants"),
    path(tenant, tenants.TenantDetail.as_view(), name="tenant"),
    path(f"{tenant}transfer/", tenants.TenantTransfer.as_view(), name="transfer"),
    path(f"{tenant}leave/", tenants.TenantLeave.as_view(), name="leave"),
    path(f"{tenant}restore/", tenants.TenantRestore.as_view(), name="restore"),
    path(f"{tenant}tokens/", tokens.TenantTokenList.as_view(), name="tenant-tokens"),
    path(f"{tenant}tokens/<int:token_id>/", tokens.TenantTokenDetail.as_view(), name="tenant-token"),
    path(f"{tenant}webhooks/", webhooks.WebhookList.as_view(), name="webhooks"),
    path(f"{hook}", webhooks.WebhookDetail.as_view(), name="webhook"),
    path(f"{hook}secret/", webhooks.WebhookSecret.as_view(), name="webhook-secret"),
    path(f"{hook}test/", webhooks.WebhookTest.as_view(), name="webhook-test"),
    path(f"{tenant}deliveries/", webhooks.DeliveryList.as_view(), name="deliveries"),
    path(
        f"{tenant}deliveries/<int:delivery_id>/resend/",
        webhooks.DeliveryResend.as_view(),
        name="delivery-resend",
    ),
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
    path(f"{tenant}usage/statement.csv", money.UsageCsv.as_view(), name="usage-csv"),
    path(f"{tenant}usage/statement.pdf", money.UsagePdf.as_view(), name="usage-pdf"),
    path(f"{tenant}usage/", money.Usage.as_view(), name="usage"),
    path(f"{tenant}subscriptions/<slug:service>/", tenants.SubscriptionDetail.as_view(), name="subscription"),
]
