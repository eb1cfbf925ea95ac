"""How hard Hypothesis tries: `quick` on every run, `thorough` by HYPOTHESIS_PROFILE when a rule was changed."""

from __future__ import annotations

import os

from hypothesis import settings

# No deadline: a busy machine is not a failure.
settings.register_profile("quick", max_examples=60, deadline=None)
settings.register_profile("thorough", max_examples=2000, deadline=None)
settings.load_profile(os.getenv("HYPOTHESIS_PROFILE", "quick"))
