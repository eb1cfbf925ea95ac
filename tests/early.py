"""Loaded by pytest before Django (`-p tests.early`): what settings read from the environment must be there by then."""

import os

# Each of xdist's processes has a database of its own; without a prefix of its own too, its workers would be handed
# polls of the other's database.
os.environ["REDIS_PREFIX"] = f"rolecall-test-{os.environ.get('PYTEST_XDIST_WORKER', 'alone')}:"
