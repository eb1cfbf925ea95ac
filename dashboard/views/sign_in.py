"""The password once more, before an act that cannot be undone."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods

from dashboard.access import Role, ViewerRequest, open_to
from dashboard.sign_in import SignInForm


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.VIEWER)
def sign_in_again(request: ViewerRequest) -> HttpResponse:
    """Ask for the password only: who it is, is known."""
    target = safe_target(request)
    form = None
    if request.method == "POST":
        given = {"username": request.user.get_username(), "password": request.POST.get("password", "")}
        form = SignInForm(request, given)
        if form.is_valid():
            login(request, form.get_user())
            return redirect(target)
    context = {"form": form, "next": target, "minutes": settings.CLEANUP_SIGN_IN_MINUTES}
    return render(request, "sign_in_again.html", context)


def safe_target(request: ViewerRequest) -> str:
    """Where to go on: an address of this site, or the overview."""
    wanted = request.POST.get("next") or request.GET.get("next", "")
    mine = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure())
    return wanted if mine else "/"
