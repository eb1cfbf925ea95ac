"""Every address of the dashboard."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import LoginView, LogoutView
from django.urls import URLPattern, URLResolver, include, path

from dashboard.views import accounts, lists, matrix, overview, sweeps

matrix_urls = [  # /matrix/
    path("", matrix.matrix, name="matrix"),
    path("poll/", matrix.poll_now, name="poll-now"),
]
account_urls = [  # /accounts/
    path("", accounts.account_list, name="accounts"),
    path("<slug:account_id>/", accounts.account_detail, name="account"),
    path("<slug:account_id>/poll/", accounts.poll_account, name="poll-account"),
]
region_urls = [  # /regions/
    path("", lists.region_list, name="regions"),
    path("<slug:code>/polled/", lists.region_polled, name="region-polled"),
]
sweep_urls = [  # /sweeps/
    path("", sweeps.sweep_list, name="sweeps"),
    path("running/bar/", sweeps.running_bar, name="running-bar"),
    path("<int:sweep_id>/", sweeps.sweep_detail, name="sweep"),
    path("<int:sweep_id>/bar/", sweeps.sweep_bar, name="sweep-bar"),
    path("<int:sweep_id>/cancel/", sweeps.sweep_cancel, name="sweep-cancel"),
]
urlpatterns: list[URLPattern | URLResolver] = [
    path("", overview.overview, name="overview"),
    path("matrix/", include(matrix_urls)),
    path("accounts/", include(account_urls)),
    path("brokers/", lists.broker_list, name="brokers"),
    path("regions/", include(region_urls)),
    path("sweeps/", include(sweep_urls)),
    path("audit/", lists.audit_list, name="audit"),
    path("sign-in/", LoginView.as_view(template_name="sign_in.html", redirect_authenticated_user=True), name="sign-in"),
    # Also for a person without any role, who must be able to leave.
    path("sign-out/", login_not_required(LogoutView.as_view()), name="sign-out"),
]

handler400 = "dashboard.views.errors.bad_request"
