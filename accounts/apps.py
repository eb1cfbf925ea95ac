"""The app that holds the product: rules, AWS, tables and use cases."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """Watched accounts and everything known about them."""

    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
