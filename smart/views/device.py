"""Devices without a browser (RFC 8628): the endpoint that they call, and the page where their person types the code."""

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from credentials.models import AuthenticationServer
from smart.devices import find_waiting
from smart.http import browser_endpoint, server_view
from smart.interactions import begin
from smart.sessions import signed_in_user
from smart.throttle import Throttle, client_address
from smart.views.tokens import throttled

_wrong_codes = Throttle("user-code", limit=10, seconds=300)


@browser_endpoint("POST")
def device_authorization(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """RFC 8628, 3.1: a code for the device and one for its person."""
    return throttled(request, server, "device_authorization")


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@server_view
def enter_code(request: HttpRequest, server: AuthenticationServer) -> HttpResponse:
    """Only a form sends the code on: a link alone never starts anything (RFC 8628, 5.4)."""
    code = request.POST.get("user_code", request.GET.get("user_code", ""))[:40]
    context = {
        "deployment": server.deployment,
        "person": signed_in_user(request, server.deployment_id),
        "user_code": code,
    }
    if request.method != "POST":
        return render(request, "smart/device.html", context)
    subject = (server.deployment_id, client_address(request))
    if wait := _wrong_codes.retry_after(*subject):
        context["problem"] = f"There were too many wrong codes. Wait {max(1, round(wait / 60))} minutes."
        return render(request, "smart/device.html", context, status=429)
    device = find_waiting(server, code)
    if device is None:
        _wrong_codes.failed(*subject)
        context["problem"] = (
            "No device waits for this code. Compare it, or start again on the device: codes live ten minutes."
        )
        return render(request, "smart/device.html", context, status=404)
    query = urlencode({"client_id": device.application.client_id, "scope": device.scopes})
    interaction = begin(request, server.deployment_id, query, None, device=device)
    return redirect("smart:interaction", server.deployment_id, interaction.name)
