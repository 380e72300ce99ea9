"""Servers elsewhere: open one by its base URL, change how it is told who asks, forget it."""

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from explorer.foreign import get_server_for, list_servers, open_server
from explorer.models import ForeignServer, Scheme
from portal.access import signed_in


class ServerForm(forms.Form):
    base = forms.CharField(max_length=500)
    scheme = forms.ChoiceField(choices=Scheme.choices, required=False)
    header = forms.RegexField(r"^[A-Za-z][A-Za-z0-9-]*$", max_length=60, required=False)
    secret = forms.RegexField(r"^[\x20-\x7e]*$", max_length=8_000, required=False)
    format = forms.ChoiceField(choices=[("json", "JSON"), ("xml", "XML")], required=False)

    def clean(self) -> None:
        found = self.cleaned_data
        if found.get("scheme") == Scheme.BASIC and found.get("secret") and ":" not in found["secret"]:
            self.add_error("secret", "Write user name and password with a colon between them.")
        if found.get("header", "").lower() in ("host", "content-length", "transfer-encoding", "connection"):
            self.add_error("header", "This header belongs to the connection itself.")


@sensitive_post_parameters("secret")
@login_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def index(request: HttpRequest) -> HttpResponse:
    """The servers that one has open, and the form for another."""
    form = ServerForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        found = form.cleaned_data
        try:
            server = open_server(
                signed_in(request),
                found["base"],
                found["scheme"] or Scheme.NONE,
                found["header"],
                found["secret"].strip(),
                found["format"] or "json",
            )
        except ValidationError as error:
            form.add_error("base", " ".join(error.messages))
        else:
            return redirect(_next(request, server))
    context = {
        "form": form,
        "servers": list_servers(signed_in(request)),
        "base": form["base"].value() or request.GET.get("base", ""),
        "schemes": Scheme.choices,
        "chosen": form["scheme"].value() or Scheme.NONE,
    }
    return render(request, "explorer/servers.html", context, status=400 if form.errors else 200)


def _next(request: HttpRequest, server: ForeignServer) -> str:
    """Back to the page of this server whose Authorize was used, else to its first."""
    start, target = reverse("servers:index", args=[server.pk]), request.POST.get("next", "")
    return target if target.startswith(start) and "\\" not in target else start


@login_required
@require_POST
def forget(request: HttpRequest, server_id: str) -> HttpResponse:
    """Forget a server with its credential."""
    server: ForeignServer = get_server_for(signed_in(request), server_id)
    server.delete()
    messages.success(request, f"{server.name} and its credential are forgotten.")
    return redirect("servers:list")
