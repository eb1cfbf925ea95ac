#!/bin/sh
# What ./test runs, inside its own servers. The first failure ends it; pytest's summary is the last line.
PATH=$PWD/.venv/bin:$PATH

step() {
    echo "--- $*"
    "$@" || exit $?
}

if [ $# -eq 0 ]; then
    step ruff check
    step ruff format --check
    step mypy
    step lint-imports
    step python manage.py makemigrations --check --dry-run
    step python manage.py check
fi
# In the order of tests/conftest.py: xdist would keep the files with the fewest tests, which take longest, for the end.
# One process more than the cores that it is timed on: half of the suite's time is waiting for workers and servers.
step python -m pytest -n 3 --dist loadfile --no-loadscope-reorder "$@"
