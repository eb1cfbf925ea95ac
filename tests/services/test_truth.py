"""Some two thousand cells of a random world, each compared with the truth, each fault with its cause."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from dashboard.demo.local_aws.client import LocalAws
from tests.local_aws import forget_clients
from tests.truth import Tally, compare_world

SEED = 20260723


@pytest.mark.django_db(transaction=True)
def test_no_cell_of_a_random_world_is_wrong(local_aws: LocalAws, settings: Settings) -> None:
    """More of the same: `python -m tests.benchmarks.truth --cells 100000`."""
    settings.AWS_MAX_ATTEMPTS = 2
    forget_clients()
    tally = Tally()

    compare_world(local_aws, SEED, accounts=32, threads=6, tally=tally)

    assert not tally.wrong, "\n".join(tally.wrong[:20])
    assert tally.cells.total() > 1900
    assert len(tally.cells) > 20
