"""Every address of the dashboard."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path

from dashboard.sign_in import SignInForm
from dashboard.views import (
    accounts,
    acts,
    archive,
    campaigns,
    cells,
    cleanup_acts,
    cleanups,
    importing,
    lists,
    manual,
    matrix,
    onboarding,
    organizations,
    overview,
    region_table,
    regions,
    reports,
    role_acts,
    saved,
    search,
    sweeps,
)
from dashboard.views.cleanup_report import cleanup_report
from dashboard.views.sign_in import sign_in_again

matrix_urls = [  # /matrix/
    path("", matrix.matrix, name="matrix"),
    path("poll/", matrix.poll_now, name="poll-now"),
]
account_urls = [  # /accounts/
    path("", accounts.account_list, name="accounts"),
    path("acts/", acts.act_begin, name="acts"),
    path("acts/<int:act_id>/", acts.act, name="act"),
    path("changes/<int:entry_id>/undo/", acts.undo_entry, name="undo"),
    path("archived/", archive.archived_list, name="archived"),
    path("<slug:account_id>/", accounts.account_detail, name="account"),
    path("<slug:account_id>/changes/", archive.account_edits, name="account-edits"),
    path("<slug:account_id>/files/regions/", accounts.account_regions_file, name="account-regions-file"),
    path("<slug:account_id>/files/history/", accounts.account_history_file, name="account-history-file"),
    path("<slug:account_id>/restore/", archive.account_restore, name="account-restore"),
    path("<slug:account_id>/purge/", archive.account_purge, name="account-purge"),
    path("<slug:account_id>/poll/", accounts.poll_account, name="poll-account"),
    path("<slug:account_id>/following/", accounts.account_following, name="account-following"),
    path("<slug:account_id>/paused/", accounts.account_paused, name="account-paused"),
    path("<slug:account_id>/interval/", accounts.account_interval, name="account-interval"),
    path("<slug:account_id>/protected/", cleanup_acts.account_protected, name="account-protected"),
    path("<slug:account_id>/role/recreate/", role_acts.role_recreate, name="role-recreate"),
    path("<slug:account_id>/role/describe/", role_acts.role_describe, name="role-describe"),
    path("<slug:account_id>/regions/<slug:code>/", cells.account_region, name="account-region"),
    path("<slug:account_id>/regions/<slug:code>/poll/", cells.account_region_poll, name="account-region-poll"),
    path("<slug:account_id>/cleanup/", cleanup_acts.cleanup_plan, name="cleanup-plan"),
]
cleanup_urls = [  # /cleanups/
    path("", cleanups.cleanup_list, name="cleanups"),
    path("<int:number>/", cleanups.cleanup_detail, name="cleanup"),
    path("<int:number>/report/", cleanup_report, name="cleanup-report"),
    path("<int:number>/journal/", cleanups.cleanup_journal, name="cleanup-journal"),
    path("<int:number>/redraw/", cleanup_acts.cleanup_redraw, name="cleanup-redraw"),
    path("<int:number>/rehearse/", cleanup_acts.cleanup_rehearse, name="cleanup-rehearse"),
    path("<int:number>/confirm/", cleanup_acts.cleanup_confirm, name="cleanup-confirm"),
    path("<int:number>/approve/", cleanup_acts.cleanup_approve, name="cleanup-approve"),
    path("<int:number>/regions/", cleanup_acts.cleanup_regions, name="cleanup-regions"),
    path("<int:number>/paused/", cleanup_acts.cleanup_paused, name="cleanup-paused"),
    path("<int:number>/cancel/", cleanup_acts.cleanup_cancel, name="cleanup-cancel"),
]
campaign_urls = [  # /campaigns/
    path("", campaigns.campaign_list, name="campaigns"),
    path("new/", campaigns.campaign_new, name="campaign-new"),
    path("create/", campaigns.campaign_create, name="campaign-create"),
    path("<int:number>/", campaigns.campaign_detail, name="campaign"),
    path("<int:number>/confirm/", campaigns.campaign_confirm, name="campaign-confirm"),
    path("<int:number>/approve/", campaigns.campaign_approve, name="campaign-approve"),
    path("<int:number>/resume/", campaigns.campaign_resume, name="campaign-resume"),
    path("<int:number>/cancel/", campaigns.campaign_cancel, name="campaign-cancel"),
]
import_urls = [  # /onboarding/import/
    path("", importing.import_page, name="onboarding-import"),
    path("template/", importing.import_template, name="onboarding-import-template"),
    path("accounts/", importing.import_accounts_file, name="onboarding-import-accounts-file"),
    path("<int:number>/", importing.import_draft_page, name="onboarding-import-draft"),
    path("<int:number>/problems/", importing.import_problems_file, name="onboarding-import-problems"),
    path("<int:number>/changes/", importing.import_changes_file, name="onboarding-import-changes"),
    path("<int:number>/give-up/", importing.import_give_up, name="onboarding-import-give-up"),
    path("<int:number>/check/", importing.import_check, name="onboarding-import-check"),
    path("<int:number>/poll/", importing.import_poll, name="onboarding-import-poll"),
]
organization_urls = [  # /onboarding/organization/
    path("", organizations.organization_list, name="onboarding-organizations"),
    path("<int:organization_pk>/", organizations.organization, name="onboarding-organization"),
    path("<int:organization_pk>/reading/", organizations.organization_reading, name="onboarding-organization-reading"),
    path("<int:organization_pk>/read/", organizations.organization_read, name="onboarding-organization-read"),
    path("<int:organization_pk>/edit/", organizations.organization_edit, name="onboarding-organization-edit"),
    path("<int:organization_pk>/choose/", organizations.organization_choose, name="onboarding-organization-choose"),
    path("<int:organization_pk>/take/", organizations.organization_take, name="onboarding-organization-take"),
    path(
        "<int:organization_pk>/undo/<int:take_id>/",
        organizations.organization_undo,
        name="onboarding-organization-undo",
    ),
    path(
        "<int:organization_pk>/disconnect/",
        organizations.organization_disconnect,
        name="onboarding-organization-disconnect",
    ),
    path("<int:organization_pk>/role/", organizations.organization_role, name="onboarding-organization-role"),
]
onboarding_urls: list[URLPattern | URLResolver] = [  # /onboarding/
    path("import/", include(import_urls)),
    path("organization/", include(organization_urls)),
    path("", onboarding.onboarding, name="onboarding"),
    path("add/", onboarding.account_add, name="onboarding-add"),
    path("check/", onboarding.check_many, name="onboarding-check-many"),
    path("hub/", onboarding.hub, name="onboarding-hub"),
    path("hub/ask/", onboarding.hub_ask, name="onboarding-hub-ask"),
    path("stackset/<slug:partition>/", onboarding.stackset_ids, name="onboarding-stackset"),
    path("<slug:account_id>/edit/", onboarding.account_edit, name="onboarding-edit"),
    path("<slug:account_id>/roles/", onboarding.account_roles, name="onboarding-roles"),
    path("<slug:account_id>/roles/file/", onboarding.role_download, name="onboarding-role-file"),
    path("<slug:account_id>/check/", onboarding.check_account, name="onboarding-check"),
    path("<slug:account_id>/check/panel/", onboarding.check_panel, name="onboarding-panel"),
    path("<slug:account_id>/forget/", onboarding.forget, name="onboarding-forget"),
]
region_urls = [  # /regions/
    path("", regions.region_list, name="regions"),
    path("add/", regions.region_add, name="region-add"),
    path("reset/", region_table.regions_reset, name="regions-reset"),
    path("refresh/", region_table.regions_refresh, name="regions-refresh"),
    path("refresh/ask/", region_table.regions_ask, name="regions-ask"),
    path("edits/<int:number>/undo/", regions.region_undo, name="region-undo"),
    path("<slug:code>/", regions.region_detail, name="region"),
    path("<slug:code>/edit/", regions.region_edit, name="region-edit"),
    path("<slug:code>/remove/", regions.region_remove, name="region-remove"),
    path("<slug:code>/polled/", regions.region_polled, name="region-polled"),
]
sweep_urls = [  # /sweeps/
    path("", sweeps.sweep_list, name="sweeps"),
    path("paused/", sweeps.polling_paused, name="polling-paused"),
    path("running/bar/", sweeps.running_bar, name="running-bar"),
    path("<int:sweep_id>/", sweeps.sweep_detail, name="sweep"),
    path("<int:sweep_id>/bar/", sweeps.sweep_bar, name="sweep-bar"),
    path("<int:sweep_id>/cancel/", sweeps.sweep_cancel, name="sweep-cancel"),
]
view_urls = [  # /views/
    path("", saved.view_list, name="views"),
    path("save/", saved.save_view, name="save-view"),
    path("<int:view_id>/", saved.open_view, name="view"),
    path("<int:view_id>/update/", saved.update_view, name="update-view"),
    path("<int:view_id>/rename/", saved.rename_view, name="rename-view"),
    path("<int:view_id>/default/", saved.default_view, name="default-view"),
    path("<int:view_id>/delete/", saved.delete_view, name="delete-view"),
    path("<int:view_id>/restore/", saved.restore_view, name="restore-view"),
]
report_urls = [  # /reports/
    path("", reports.make_report, name="make-report"),
    path("<int:report_id>/", reports.report_file, name="report-file"),
    path("<int:report_id>/token/", reports.renew_token, name="renew-token"),
    path("<int:report_id>/revoke/", reports.revoke_report, name="revoke-report"),
]
help_urls = [  # /help/
    path("", manual.manual, name="help"),
    path("<path:page>/", manual.manual, name="help-page"),
]
sign_in = LoginView.as_view(
    template_name="sign_in.html", authentication_form=SignInForm, redirect_authenticated_user=True
)
urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("days/", overview.overview_days, name="overview-days"),
    path("matrix/", include(matrix_urls)),
    path("accounts/", include(account_urls)),
    path("onboarding/", include(onboarding_urls)),
    path("cells/", lists.cell_list, name="cells"),
    path("brokers/", lists.broker_list, name="brokers"),
    path("cleanups/", include(cleanup_urls)),
    path("campaigns/", include(campaign_urls)),
    path("regions/", include(region_urls)),
    path("sweeps/", include(sweep_urls)),
    path("search/", search.search_page, name="search"),
    path("views/", include(view_urls)),
    path("reports/", include(report_urls)),
    path("audit/", lists.audit_list, name="audit"),
    path("help/", include(help_urls)),
    path("sign-in/", sign_in, name="sign-in"),
    path("sign-in/again/", sign_in_again, name="sign-in-again"),
    # Also for a person without any role, who must be able to leave.
    path("sign-out/", login_not_required(LogoutView.as_view()), name="sign-out"),
]

handler400 = "dashboard.views.errors.bad_request"
