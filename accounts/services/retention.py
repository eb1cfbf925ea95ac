"""What is forgotten in time: old history, figures, previews, sessions that are over. The audit record stays whole."""

from __future__ import annotations

import logging
from datetime import UTC, timedelta
from importlib import import_module

from django.conf import settings
from django.utils import timezone

from accounts.models import BulkAct, Change, DailyFigures
from accounts.services.further import forget_further
from accounts.services.import_drafts import forget_drafts
from accounts.services.undoing import UNDO_HOURS

logger = logging.getLogger(__name__)

# A statement of a second or so. What is left is there an hour later, too.
MOST_AT_ONCE = 20_000


def forget_old() -> int:
    """Delete what nobody will look at any more; says how many changes that was. Harmless at any time, in any number."""
    forgotten = _forget_changes()
    _forget_figures()
    forget_drafts()
    BulkAct.objects.filter(created_at__lt=timezone.now() - timedelta(hours=UNDO_HOURS)).delete()
    forget_further()
    import_module(settings.SESSION_ENGINE).SessionStore.clear_expired()
    if forgotten:
        logger.info("Forgot %s changes that are older than %s days", forgotten, settings.CHANGE_KEEP_DAYS)
    return forgotten


def _forget_changes() -> int:
    horizon = timezone.now() - timedelta(days=settings.CHANGE_KEEP_DAYS)
    # A deleted account whose history was kept keeps it: that was somebody's choice.
    old = (
        Change.objects.filter(at__lt=horizon, account__archived_at__isnull=True)
        .order_by("pk")
        .values("pk")[:MOST_AT_ONCE]
    )
    return Change.objects.filter(pk__in=old).delete()[0]


def _forget_figures() -> None:
    horizon = timezone.now().astimezone(UTC).date() - timedelta(days=settings.FIGURES_KEEP_DAYS)
    DailyFigures.objects.filter(day__lt=horizon).delete()
