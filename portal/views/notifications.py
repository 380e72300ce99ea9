"""A tenant's notifications: its webhooks, a test of each, and the log of deliveries with resend."""

import json

from django.contrib import messages
from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from portal.access import tenant_view
from portal.forms import WebhookForm
from portal.models import Delivery, DeliveryState, Membership, Role, Webhook
from portal.notifications.delivery import body_of
from portal.notifications.events import MESSAGE_LOST_AFTER, resend, send_test
from portal.notifications.kinds import SUBSCRIBABLE
from portal.services import webhooks
from portal.services.refusals import Refused
from portal.shown_once import keep_for_one_page, take_kept
from portal.tenant_pages import tenant_context

DELIVERIES_A_PAGE = 25


def _page(request: HttpRequest, membership: Membership, form: WebhookForm) -> HttpResponse:
    made = take_kept(request, _about(membership))
    deliveries = Delivery.objects.filter(notification__tenant=membership.tenant).select_related(
        "notification__tenant", "webhook"
    )
    page = Paginator(deliveries, DELIVERIES_A_PAGE).get_page(request.GET.get("page"))
    mailed = membership.tenant.memberships.filter(
        role__gte=Role.ADMIN, user__is_active=True, user__wants_notices=True
    )
    context = tenant_context(membership, "notifications") | {
        "form": form,
        "shown": made.text if made else "",
        "webhooks": [_shown(webhook) for webhook in membership.tenant.webhooks.all()],
        "mailed": mailed.select_related("user"),
        "page": page,
        "deliveries": [(delivery, _sent(delivery)) for delivery in page.object_list],
        "soon": any(_changes_soon(delivery) for delivery in page.object_list),
    }
    return render(request, "portal/notifications.html", context, status=422 if form.errors else 200)


def _shown(webhook: Webhook) -> tuple[Webhook, WebhookForm, list[str]]:
    """With the form that changes it, and what it is told in words (none: everything)."""
    form = WebhookForm(initial={"url": webhook.url, "kinds": webhook.kinds}, auto_id=False)
    return webhook, form, [str(kind.label) for kind in SUBSCRIBABLE if kind.value in webhook.kinds]


def _sent(delivery: Delivery) -> str:
    """A mail's text, or a webhook's body laid out for people."""
    if delivery.is_mail:
        return delivery.notification.text
    return json.dumps(json.loads(body_of(delivery)), indent=2, ensure_ascii=False)


def _changes_soon(delivery: Delivery) -> bool:
    """Whether an attempt is under way or near enough to wait for while looking at the page."""
    return (
        delivery.state == DeliveryState.PENDING
        and delivery.next_attempt <= timezone.now() + MESSAGE_LOST_AFTER
    )


@tenant_view(Role.ADMIN)
@never_cache
def notifications(request: HttpRequest, membership: Membership) -> HttpResponse:
    if request.method != "POST":
        return _page(request, membership, WebhookForm())
    form = WebhookForm(request.POST)
    if form.is_valid():
        url, kinds = form.cleaned_data["url"], form.cleaned_data["kinds"]
        try:
            made = webhooks.create_webhook(membership.tenant, url, kinds, actor=membership.user)
        except Refused as refusal:
            form.add_error(None, str(refusal))
        except ValidationError as error:
            form.add_error(None, error)
        else:
            return _showing(request, membership, made, made.secret)
    return _page(request, membership, form)


def _webhook(membership: Membership, webhook_id: int) -> Webhook:
    return get_object_or_404(membership.tenant.webhooks.select_related("tenant"), pk=webhook_id)


def _back(membership: Membership) -> HttpResponse:
    return redirect("portal:notifications", membership.tenant.slug)


def _showing(request: HttpRequest, membership: Membership, webhook: Webhook, secret: str) -> HttpResponse:
    keep_for_one_page(request, _about(membership), webhook.url, secret)
    return _back(membership)


def _about(membership: Membership) -> str:
    return f"webhooks of {membership.tenant.slug}"


@tenant_view(Role.ADMIN)
@require_POST
def change(request: HttpRequest, membership: Membership, webhook_id: int) -> HttpResponse:
    webhook = _webhook(membership, webhook_id)
    chosen = [kind.value for kind in SUBSCRIBABLE if kind.value in request.POST.getlist("kinds")]
    webhooks.change_webhook(webhook, chosen, request.POST.get("enabled") == "on", actor=membership.user)
    messages.success(request, f"{webhook.url} was changed.")
    return _back(membership)


@tenant_view(Role.ADMIN)
@require_POST
@never_cache
def renew(request: HttpRequest, membership: Membership, webhook_id: int) -> HttpResponse:
    webhook = _webhook(membership, webhook_id)
    return _showing(request, membership, webhook, webhooks.renew_secret(webhook, actor=membership.user))


@tenant_view(Role.ADMIN)
@require_POST
def delete(request: HttpRequest, membership: Membership, webhook_id: int) -> HttpResponse:
    webhook = _webhook(membership, webhook_id)
    webhooks.delete_webhook(webhook, actor=membership.user)
    messages.success(request, f"{webhook.url} was removed.")
    return _back(membership)


@tenant_view(Role.ADMIN)
@require_POST
def test(request: HttpRequest, membership: Membership, webhook_id: int) -> HttpResponse:
    webhook = _webhook(membership, webhook_id)
    send_test(webhook)
    messages.success(
        request, f"A test is on its way to {webhook.url}. What became of it is in the log below."
    )
    return _back(membership)


@tenant_view(Role.ADMIN)
@require_POST
def send_again(request: HttpRequest, membership: Membership, delivery_id: int) -> HttpResponse:
    known = Delivery.objects.filter(notification__tenant=membership.tenant)
    delivery = get_object_or_404(known.select_related("webhook", "notification"), pk=delivery_id)
    if delivery.webhook is None and not delivery.is_mail:
        messages.error(request, "This webhook was removed; there is nowhere to send it.")
    else:
        resend(delivery)
        messages.success(request, f"On its way to {delivery.target} again.")
    return _back(membership)
