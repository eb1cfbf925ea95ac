"""Celery's app: `celery -A dashboard worker`, `celery -A dashboard beat`."""

import gc
import os
from typing import Any

from celery import Celery
from celery.signals import worker_ready

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dashboard.settings")

app = Celery("rolecall")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["accounts"])


@worker_ready.connect
def collect_less_garbage(**_: Any) -> None:
    """Spare the collector what lives as long as the worker, and let a poll's short-lived objects gather first.

    Python would look through all of it for every 700 objects more, and one call to AWS makes thousands.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
