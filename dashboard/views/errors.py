"""Error pages that say what was wrong."""

from __future__ import annotations

from django.conf import settings
from django.core.exceptions import BadRequest, RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400 with the sentence that a view raised; Django's own refusals name settings, which are nobody's business."""
    problem = str(exception) if isinstance(exception, BadRequest) else ""
    if isinstance(exception, RequestDataTooBig):
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE / (1 << 20)
        problem = f"What was typed or pasted is larger than {most:g} MB. Choose a long CSV as a file instead."
    return render(request, "400.html", {"problem": problem}, status=400)
