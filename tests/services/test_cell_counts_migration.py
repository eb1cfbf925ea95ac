"""The brokers that were known before cells counted them by state are counted at once."""

from __future__ import annotations

from importlib import import_module

import pytest
from django.apps import apps

from accounts.models import Cell
from tests.dashboard.factories import make_account, make_broker, make_cell

migration = import_module("accounts.migrations.0003_cell_counts")


@pytest.mark.django_db
def test_cells_count_the_brokers_that_are_known_already() -> None:
    account = make_account()
    make_cell(account, "us-east-1", 3)
    make_cell(account, "eu-west-1", 0)
    for name, state in (("a", "RUNNING"), ("b", "RUNNING"), ("c", "CREATION_FAILED")):
        make_broker(account, "us-east-1", name, "RABBITMQ", state=state)

    migration.count_known_brokers(apps, None)

    counts = dict(Cell.objects.values_list("region_id", "counts"))
    assert counts == {"us-east-1": {"rabbitmq": {"RUNNING": 2, "CREATION_FAILED": 1}}, "eu-west-1": {}}
