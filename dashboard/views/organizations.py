"""The door by AWS Organizations: connect, read, choose, take, follow."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django_htmx.http import HttpResponseClientRefresh

from accounts.domain.organization import Kind
from accounts.domain.role_policies import ORGANIZATION_STATEMENT
from accounts.domain.role_templates import Format
from accounts.models import Account, Organization, OrganizationTake
from accounts.services.hub import hub_identity
from accounts.services.onboarding import NoRole, organization_role_file
from accounts.services.organization_changes import WorldMoved, keep_ours, take
from accounts.services.organization_undo import CannotUndo, undo
from accounts.services.organizations import AlreadyConnected, connect, disconnect, request_reading, save_rules
from accounts.services.protection import EndsProtection
from dashboard.access import Role, ViewerRequest, open_to
from dashboard.organization_forms import ConnectForm, RulesForm
from dashboard.organization_page import choice_of, difference_of, unit_rows
from dashboard.organization_words import KIND_WORDS, MOVED
from dashboard.sign_in import ask_again, is_fresh
from dashboard.views.common import wants_fragment
from dashboard.words import plural

FORMS = {Format.CLOUDFORMATION: "CloudFormation", Format.TERRAFORM: "Terraform", Format.CLI: "AWS CLI"}
TAKES_SHOWN = 5
ALREADY = "This organization is connected already: open it from the list."


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def organization_list(request: ViewerRequest) -> HttpResponse:
    """The organizations that are connected, and the form that connects one."""
    form = ConnectForm(request.POST or None)
    if form.is_valid():
        try:
            return redirect(connect(form.filled(), request.user.get_username()))
        except AlreadyConnected:
            form.add_error("access_role_arn", ALREADY)
    organizations = [(one, one.members.exclude(state="GONE").count()) for one in Organization.objects.all()]
    context = {"form": form, "organizations": organizations, "statement": ORGANIZATION_STATEMENT}
    return render(request, "organization/list.html", context)


@require_safe
@open_to(Role.OPERATOR)
def organization(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """One organization: its last reading, and what is to be taken of it."""
    one = get_object_or_404(Organization, pk=organization_pk)
    takes = list(one.takes.all()[:TAKES_SHOWN])
    context = {
        **_reading(one),
        "difference": difference_of(one) if one.read_at else None,
        "takes": takes,
        "unread": _unread_newcomer(takes[0]) if takes else None,
        "undoable": next((taken for taken in takes if taken.undone_at is None), None),
    }
    return render(request, "organization/detail.html", context)


def _unread_newcomer(last: OrganizationTake) -> Account | None:
    """A new account of the last taking that has not let Rolecall in yet: its roles are still to be made."""
    new = [item["account_id"] for item in last.items if item["new"]]
    return Account.objects.filter(account_id__in=new, role_status__last_ok_at__isnull=True).first()


@require_safe
@open_to(Role.OPERATOR)
def organization_reading(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """How far a reading is; once it is over, HTMX loads the page anew."""
    one = get_object_or_404(Organization, pk=organization_pk)
    if wants_fragment(request) and not one.waits:
        return HttpResponseClientRefresh()
    return render(request, "organization/_reading.html", _reading(one))


def _reading(one: Organization) -> dict[str, object]:
    taken_up = one.lease_until is not None and one.lease_until > timezone.now()
    # As it was written down: PostgreSQL puts the keys of what it keeps into an order of its own.
    statement = ORGANIZATION_STATEMENT if one.statement else None
    return {"organization": one, "taken_up": taken_up, "statement": statement}


@require_POST
@open_to(Role.OPERATOR)
def organization_read(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """Have a worker read it again."""
    one = get_object_or_404(Organization, pk=organization_pk)
    request_reading(one, request.user.get_username())
    return redirect(one)


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def organization_edit(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """Change the way in, and read again."""
    one = get_object_or_404(Organization, pk=organization_pk)
    form = ConnectForm(request.POST or None, organization=one)
    if form.is_valid():
        try:
            return redirect(connect(form.filled(), request.user.get_username()))
        except AlreadyConnected:
            form.add_error("access_role_arn", ALREADY)
    return render(request, "organization/edit.html", {"form": form, "organization": one})


@require_http_methods(["GET", "HEAD", "POST"])
@open_to(Role.OPERATOR)
def organization_choose(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """Choose accounts: POST keeps the rules; HTMX, or the button that shows, gets what they take and keeps nothing."""
    one = get_object_or_404(Organization, pk=organization_pk)
    live = wants_fragment(request)
    form = RulesForm(request.POST or None, organization=one)
    valid = form.is_valid()
    if valid and not live and "show" not in request.POST:
        save_rules(form.filled(), request.user.get_username())
        messages.success(request, "The choice is kept. Nothing is taken yet: look through it below.")
        return redirect(one)
    if valid:
        form.filled()  # not kept: what is shown is what would be
    choice = choice_of(one, one.selection) if one.read_at and (valid or not form.is_bound) else None
    context = {"organization": one, "form": form, "choice": choice, "units": unit_rows(one, form.units_as_chosen())}
    return render(request, "organization/_live_choice.html" if live else "organization/choose.html", context)


@require_POST
@open_to(Role.OPERATOR)
def organization_take(request: ViewerRequest, organization_pk: int) -> HttpResponseBase:
    """Take the kinds that are ticked, but for the accounts that are left out; or keep what is here."""
    one = get_object_or_404(Organization, pk=organization_pk)
    try:
        kinds = {Kind(kind) for kind in request.POST.getlist("kind")}
    except ValueError as error:
        raise BadRequest(f"kind: use {', '.join(Kind)}.") from error
    try:
        said = _keep_ours(request, one, kinds) if "keep" in request.POST else _take(request, one, kinds)
    except EndsProtection:  # the difference has said so: after the password it stands there again
        return ask_again(one.get_absolute_url())
    except WorldMoved:
        said = ""
    if said:
        messages.success(request, said)
    else:
        messages.warning(request, MOVED if said == "" else "Nothing is ticked, so nothing was changed.")
    return redirect(one)


def _take(request: ViewerRequest, one: Organization, kinds: set[Kind]) -> str | None:
    taken = take(one, kinds, may_unprotect=is_fresh(request), **_as_seen(request))
    return f"Taken: {counts_in_words(taken)}." if taken else None


def _keep_ours(request: ViewerRequest, one: Organization, kinds: set[Kind]) -> str | None:
    count = keep_ours(one, kinds, **_as_seen(request))
    return f"{plural(count, 'difference')} left as they are here, until AWS has something newer." if count else None


def _as_seen(request: ViewerRequest) -> dict[str, Any]:
    """Who acts, what they leave out, and the difference that they looked at."""
    seen = request.POST.get("seen", "") or "nothing"
    return {"actor": request.user.get_username(), "leave": request.POST.getlist("leave"), "seen": seen}


def counts_in_words(taken: OrganizationTake) -> str:
    """`3 new, 1 renamed`."""
    return ", ".join(f"{count:,} {KIND_WORDS[Kind(kind)][0].lower()}" for kind, count in taken.counts.items())


@require_POST
@open_to(Role.OPERATOR)
def organization_undo(request: ViewerRequest, organization_pk: int, take_id: int) -> HttpResponseBase:
    """Undo the last taking."""
    taken = get_object_or_404(OrganizationTake, pk=take_id, organization=organization_pk)
    try:
        done = undo(taken, request.user.get_username(), may_unprotect=is_fresh(request))
    except EndsProtection:
        return ask_again(taken.organization.get_absolute_url())
    except CannotUndo:
        messages.warning(request, "Only the last taking can be undone, and only once. Nothing was changed.")
    else:
        left = f"; {plural(done.kept, 'account')} left as they are: read or changed since" if done.kept else ""
        messages.success(request, f"{plural(done.undone, 'account')} put back as they were{left}.")
    return redirect(taken.organization)


@require_POST
@open_to(Role.OPERATOR)
def organization_disconnect(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """Forget an organization; its accounts stay."""
    one = get_object_or_404(Organization, pk=organization_pk)
    disconnect(one, request.user.get_username())
    messages.success(request, "The organization is forgotten. Its accounts are watched as before.")
    return redirect("onboarding-organizations")


@require_safe
@open_to(Role.OPERATOR)
def organization_role(request: ViewerRequest, organization_pk: int) -> HttpResponse:
    """The role of the management account, ready to be made."""
    one = get_object_or_404(Organization, pk=organization_pk)
    try:
        form = Format(request.GET.get("format", Format.CLOUDFORMATION))
        if form not in FORMS:
            raise ValueError(form)
    except ValueError as error:
        raise BadRequest("Use format=cloudformation, terraform or cli.") from error
    context: dict[str, object] = {"organization": one, "form": form, "forms": FORMS.items()}
    try:
        context["file"] = organization_role_file(one, form, hub_identity(one.partition))
    except NoRole as refusal:
        context["problem"] = str(refusal)
    return render(request, "organization/role.html", context)
