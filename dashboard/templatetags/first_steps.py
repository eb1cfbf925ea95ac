"""The list of steps that an installation without an answer shows."""

from __future__ import annotations

from typing import Any

from django import template

from dashboard import first_steps as steps

register = template.Library()


@register.inclusion_tag("_first_steps.html")
def first_steps() -> dict[str, Any]:
    """Every step, done or not, and which is next."""
    listed = steps.first_steps()
    return {"steps": listed, "next": next((step for step in listed if not step.done), None)}
