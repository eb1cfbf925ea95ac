"""Adding accounts, the roles they need, and the check of both."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.domain.identifiers import PARTITIONS
from accounts.domain.role_policies import Purpose
from accounts.domain.role_templates import Format
from accounts.models import AccessCheck, Account, HubIdentity, Organization
from accounts.services.access_checks import request_checks
from accounts.services.credentials import forget_credentials
from accounts.services.hub import hub_identity, request_hub
from accounts.services.importing import WorldChanged
from accounts.services.onboarding import (
    NoRole,
    in_stackset,
    mark_of,
    not_in_stackset,
    role_file,
    save_account,
    take_stackset_external_ids,
)
from accounts.services.protection import EndsProtection
from dashboard.access import Role, ViewerRequest, open_to, visible_accounts
from dashboard.access_panel import panels_of
from dashboard.filters import account_filter
from dashboard.onboarding_forms import AccountForm
from dashboard.selection import matching
from dashboard.sign_in import is_fresh, proved
from dashboard.tables.onboarding import OnboardingTable
from dashboard.views.common import list_page, wants_fragment
from dashboard.words import plural

FORM_WORDS = {
    Format.CLOUDFORMATION: "CloudFormation",
    Format.TERRAFORM: "Terraform",
    Format.CLI: "AWS CLI",
    Format.STACKSET: "StackSet",
}

CHANGED = (
    "Nothing was saved: somebody has changed this account since you opened the form. Your values stand in the fields, "
    "and what is stored by now below each that differs. Take over what you want to keep, then save again."
)
NAME_GONE = "{} Give your password to save it all the same."


@dataclass(frozen=True)
class HubRow:
    """One partition of the hub's page; `could_take` counts the accounts that might have the StackSet's external id."""

    identity: HubIdentity
    watched: int
    could_take: int


@require_safe
@open_to(Role.OPERATOR)
def onboarding(request: ViewerRequest) -> HttpResponseBase:
    """Every account with what its roles answered, and the doors by which accounts come in."""
    narrowed = account_filter(request.GET, request.user)
    narrowed.common = ("q", "access", "environment", "tag", "unit")
    table = OnboardingTable(narrowed.qs.select_related("access_check"))
    unchecked = not AccessCheck.objects.filter(account__in=visible_accounts(request.user)).exists()
    if unchecked:
        table.say_nothing_of_checks()
    told = Organization.objects.filter(Q(waiting__gt=0) | ~Q(problem=""))
    about: dict[str, Any] = {"filter": narrowed, "organizations": told, "unchecked": unchecked}
    return list_page(request, table, "onboarding/list.html", "onboarding", **about)


@require_POST
@open_to(Role.OPERATOR)
def check_many(request: ViewerRequest) -> HttpResponse:
    """Check the accounts that the filters leave."""
    chosen = matching(account_filter(request.GET, request.user), request.user)
    count = request_checks(chosen, request.user.get_username())
    if count:
        messages.success(request, f"{plural(count, 'account')} will be checked by the workers.")
    else:
        messages.warning(request, "No account matches these filters, so nothing is checked.")
    query = request.GET.urlencode()
    return redirect(f"{reverse('onboarding')}?{query}" if query else "onboarding")


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def account_add(request: ViewerRequest) -> HttpResponse:
    """Add one account, then go on to its roles."""
    form = AccountForm(request.POST or None)
    if not form.is_valid():
        return render(request, "onboarding/form.html", {"form": form})
    try:
        account = save_account(form.row(), request.user.get_username(), form.details(), seen=mark_of(None))
    except WorldChanged:  # somebody else has added it a moment ago: its field says so
        return render(request, "onboarding/form.html", {"form": AccountForm(request.POST)}, status=409)
    messages.success(request, f"{account.name} is watched. Make its role now, then check it.")
    return redirect("onboarding-roles", account.account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def account_edit(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Change one account."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    form = AccountForm(request.POST or None, account=account)
    context: dict[str, Any] = {"form": form, "account": account}
    if not form.is_valid():
        return render(request, "onboarding/form.html", context)
    wrong, actor, seen = proved(request), request.user.get_username(), form.cleaned_data["seen"] or "-"
    try:
        saved = save_account(form.row(), actor, form.details(), seen=seen, may_unprotect=is_fresh(request))
    except EndsProtection as refusal:
        context |= {"problem": f"Nothing was saved. {wrong or NAME_GONE.format(refusal)}", "asks_password": True}
    except WorldChanged:
        now = get_object_or_404(visible_accounts(request.user), account_id=account_id)
        again = AccountForm(request.POST, account=now).beside()
        context = {"form": again, "account": now, "problem": CHANGED, "changed": True}
    else:
        messages.success(request, f"{saved.name} is saved.")
        return redirect(saved)
    return render(request, "onboarding/form.html", context, status=409)


@require_safe
@open_to(Role.OPERATOR)
def account_roles(request: ViewerRequest, account_id: str) -> HttpResponse:
    """The roles of one account, ready to copy or to download."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    purpose, form, create = _wanted(request)
    identity = hub_identity(account.partition)
    context: dict[str, object] = {
        "account": account, "purpose": purpose, "form": form, "create": create, "identity": identity,
        "forms": FORM_WORDS.items(), "purposes": list(Purpose), "fits_stackset": in_stackset(account, identity),
    }  # fmt: skip
    try:
        context["file"] = role_file(account, purpose, form, identity, create_and_describe=create)
    except NoRole as refusal:
        context["problem"] = str(refusal)
    return render(request, "onboarding/roles.html", context)


@require_safe
@open_to(Role.OPERATOR)
def role_download(request: ViewerRequest, account_id: str) -> HttpResponse:
    """The same as a file."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    purpose, form, create = _wanted(request)
    try:
        file = role_file(account, purpose, form, hub_identity(account.partition), create_and_describe=create)
    except NoRole as refusal:
        raise BadRequest(str(refusal)) from refusal
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"'}
    return HttpResponse(file.text, content_type="text/plain; charset=utf-8", headers=headers)


def _wanted(request: HttpRequest) -> tuple[Purpose, Format, bool]:
    """What the URL asks for. Raises BadRequest for what does not exist."""
    try:
        purpose = Purpose(request.GET.get("purpose", Purpose.READER))
        form = Format(request.GET.get("format", Format.CLOUDFORMATION))
    except ValueError as error:
        raise BadRequest(
            "Use purpose=reader or cleaner, and format=cloudformation, stackset, terraform or cli."
        ) from error
    return purpose, form, request.GET.get("create") == "yes" and purpose is Purpose.CLEANER


@require_POST
@open_to(Role.OPERATOR)
def stackset_ids(request: ViewerRequest, partition: str) -> HttpResponse:
    """Give the accounts that were never read the StackSet's external ids."""
    if partition not in PARTITIONS:
        raise BadRequest(f"partition: use {', '.join(PARTITIONS)}.")
    actor = request.user.get_username()
    count = take_stackset_external_ids(visible_accounts(request.user), hub_identity(partition), actor)
    messages.success(request, f"{plural(count, 'account')} of {partition} took the StackSet's external id.")
    return redirect("onboarding-hub")


@require_POST
@open_to(Role.OPERATOR)
def check_account(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Check the roles of one account."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    request_checks(visible_accounts(request.user).filter(pk=account.pk), request.user.get_username())
    return redirect(f"{account.get_absolute_url()}#access-check")


@require_safe
@open_to(Role.VIEWER)
def check_panel(request: ViewerRequest, account_id: str) -> HttpResponse:
    """The panel alone, while a worker is at it."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    return render(request, "onboarding/_check_panel.html", panel_context(account))


def panel_context(account: Account) -> dict[str, object]:
    """What the panel on an account's page needs."""
    check = AccessCheck.objects.filter(account=account).first()
    return {"account": account, "access_check": check, "role_panels": panels_of(account)}


@require_POST
@open_to(Role.OPERATOR)
def forget(request: ViewerRequest, account_id: str) -> HttpResponse:
    """Delete the stored sessions of one account."""
    account = get_object_or_404(visible_accounts(request.user), account_id=account_id)
    count = forget_credentials(account, request.user.get_username())
    said = f"{plural(count, 'session')} of {account.name} forgotten." if count else f"{account.name} had no session."
    messages.success(request, f"{said} The next poll asks AWS for a new one.")
    return redirect(account)


@require_safe
@open_to(Role.OPERATOR)
def hub(request: ViewerRequest) -> HttpResponse:
    """Who Rolecall is in each partition, as AWS told a worker."""
    rows = [_hub_row(request, name) for name in _partitions(request)]
    template = "onboarding/_hub_rows.html" if wants_fragment(request) else "onboarding/hub.html"
    return render(request, template, {"rows": rows, "waits": any(row.identity.waits for row in rows)})


def _partitions(request: ViewerRequest) -> list[str]:
    """Those with accounts, and `aws` before there are any."""
    used = set(visible_accounts(request.user).order_by().values_list("partition", flat=True))
    return [name for name in PARTITIONS if name in (used or {"aws"})]


def _hub_row(request: ViewerRequest, name: str) -> HubRow:
    identity, mine = hub_identity(name), visible_accounts(request.user)
    return HubRow(identity, mine.filter(partition=name).count(), len(not_in_stackset(mine, identity)))


@require_POST
@open_to(Role.OPERATOR)
def hub_ask(request: ViewerRequest) -> HttpResponse:
    """Have a worker ask AWS again."""
    for name in _partitions(request):
        request_hub(name)
    return redirect("onboarding-hub")
