"""The app that shows the product."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Pages, exports and access."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks, and what of the pages is forgotten in time."""
        from accounts.services.further import also_forget
        from dashboard import checks  # noqa: F401
        from dashboard.models import forget_deleted_views

        also_forget(forget_deleted_views)
