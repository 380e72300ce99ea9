"""The portal's addresses (design section 3). Names are reversed as `portal:…`."""

from django.urls import path

from portal.views import members, notifications, operator, pages, services, shell, tenants, tokens, usage

app_name = "portal"

tenant = "tenants/<slug:slug>/"
hook = f"{tenant}notifications/webhooks/<int:webhook_id>/"
urlpatterns = [
    path("", pages.landing, name="landing"),
    path("theme/", shell.theme, name="theme"),
    path("banners/dismiss/", shell.dismiss, name="dismiss"),
    path("styleguide/", shell.styleguide, name="styleguide"),
    path("docs/", pages.docs, name="docs"),
    path("docs/<slug:slug>/", pages.docs, name="guide"),
    path("account/tokens/", tokens.tokens, name="tokens"),
    path("account/tokens/<int:token_id>/revoke/", tokens.revoke, name="token-revoke"),
    path("account/password-rules/", pages.password_rules, name="password-rules"),
    path("account/sessions/<int:session_id>/end/", pages.end_session, name="session-end"),
    path("account/go-on/", pages.go_on, name="go-on"),
    path("account/", pages.account, name="account"),
    path("services/", services.services, name="services"),
    path("services/<slug:service>/trial/", services.trial, name="trial"),
    path("services/<slug:service>/subscribe/", services.subscription, name="subscribe"),
    path("invitations/<str:secret>/", members.invitation, name="invitation"),
    path("operator/plans/", operator.plans, name="operator-plans"),
    path("operator/features/", operator.features, name="operator-features"),
    path("operator/", operator.operator, name="operator"),
    path("tenants/", tenants.tenants, name="tenants"),
    path("tenants/new/", tenants.tenant_new, name="tenant-new"),
    path(tenant, tenants.tenant_home, name="tenant"),
    path(f"{tenant}switch/", tenants.tenant_switch, name="tenant-switch"),
    path(f"{tenant}members/", members.members, name="members"),
    path(f"{tenant}members/invite/", members.invite, name="invite"),
    path(f"{tenant}members/leave/", members.leave, name="leave"),
    path(f"{tenant}members/<int:member_id>/role/", members.member_role, name="member-role"),
    path(f"{tenant}members/<int:member_id>/remove/", members.member_remove, name="member-remove"),
    path(
        f"{tenant}invitations/<int:invitation_id>/resend/",
        members.invitation_resend,
        name="invitation-resend",
    ),
    path(
        f"{tenant}invitations/<int:invitation_id>/withdraw/",
        members.invitation_withdraw,
        name="invitation-withdraw",
    ),
    path(f"{tenant}usage/", usage.usage, name="usage"),
    path(f"{tenant}audit/", tenants.audit_log, name="audit"),
    path(f"{tenant}settings/", tenants.settings, name="settings"),
    path(f"{tenant}settings/mfa/", tenants.mfa_rule, name="mfa-rule"),
    path(f"{tenant}settings/transfer/", tenants.transfer, name="transfer"),
    path(f"{tenant}notifications/", notifications.notifications, name="notifications"),
    path(f"{hook}change/", notifications.change, name="webhook-change"),
    path(f"{hook}secret/", notifications.renew, name="webhook-secret"),
    path(f"{hook}test/", notifications.test, name="webhook-test"),
    path(f"{hook}delete/", notifications.delete, name="webhook-delete"),
    path(
        f"{tenant}notifications/deliveries/<int:delivery_id>/resend/",
        notifications.send_again,
        name="delivery-resend",
    ),
    path(f"{tenant}tokens/", tokens.tenant_tokens, name="tenant-tokens"),
    path(f"{tenant}tokens/<int:token_id>/revoke/", tokens.tenant_token_revoke, name="tenant-token-revoke"),
    path(f"{tenant}restore/", tenants.restore, name="restore"),
    path(f"{tenant}settings/delete/", tenants.delete, name="delete"),
]
