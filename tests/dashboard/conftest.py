"""Signed-in browsers, one per role."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import User
from django.test import Client


@pytest.fixture
def watching(client: Client, viewer: User) -> Client:
    """A viewer's browser."""
    client.force_login(viewer)
    return client


@pytest.fixture
def operating(operator: User) -> Client:
    """An operator's browser."""
    browser = Client()
    browser.force_login(operator)
    return browser


@pytest.fixture
def strange(stranger: User) -> Client:
    """The browser of somebody who may sign in and nothing else."""
    browser = Client()
    browser.force_login(stranger)
    return browser
