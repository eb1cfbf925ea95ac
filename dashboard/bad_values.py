"""What is said of a filter's value that cannot be understood."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms

MOST_SAID = 12  # of the values that there are


def problem_of(field: forms.Field, values: Iterable[str], texts: Iterable[str]) -> str:
    """In the words of the house where a value is none of the choices: which one it is, and which there are."""
    choices = [str(value) for value, _ in getattr(field, "choices", ()) if value]
    strange = [value for value in values if value.strip() and value not in choices]
    if not choices or not strange:
        return f"{field.label}: {' '.join(texts)} Remove it to see rows."
    said, more = " or ".join(f"“{value}”" for value in strange), len(choices) - MOST_SAID
    known = ", ".join(choices[:MOST_SAID]) + (f" or {more:,} more" if more > 0 else "")
    return f"{field.label}: there is no {said}. Use {known}, or remove the filter to see rows."
