"""The dashboard. Celery's app is loaded with Django, so that tasks find their broker."""

from dashboard.celery import app as celery_app

__all__ = ("celery_app",)
