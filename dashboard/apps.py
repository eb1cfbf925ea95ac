"""The app that shows the product."""

from django.apps import AppConfig


class DashboardConfig(AppConfig):
    """Pages, exports and access."""

    name = "dashboard"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Register the system checks."""
        from dashboard import checks  # noqa: F401
