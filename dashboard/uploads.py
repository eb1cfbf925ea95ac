"""Files that come with a form: from operators only, held in memory, and never more than a limit."""

from __future__ import annotations

from io import BytesIO
from typing import Any

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler, SkipFile, StopUpload

from accounts.services.account_files import MAX_BYTES
from dashboard.access import Role, may


class OperatorsFile(FileUploadHandler):
    """Takes the files of one request. One that is too large is not kept, and the request says so: `too_large`.

    A file of accounts names ways into them, so it is not left lying about in a folder for temporary files.
    """

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file. Raises SkipFile for whoever may not send one: this is asked before any view is."""
        super().new_file(*args, **kwargs)
        user = getattr(self.request, "user", None)
        if user is None or not may(user, Role.OPERATOR):
            raise SkipFile
        self.content = BytesIO()
        self.taken = getattr(self, "taken", 0)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep a piece. Raises StopUpload beyond the limit."""
        self.taken += len(raw_data)
        if self.taken > MAX_BYTES:
            self.content = BytesIO()
            self.request.too_large = True  # type: ignore[union-attr]
            raise StopUpload(connection_reset=False)
        self.content.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Hand the file over."""
        self.content.seek(0)
        return InMemoryUploadedFile(
            self.content, self.field_name, self.file_name, self.content_type, file_size, self.charset,
            self.content_type_extra,
        )  # fmt: skip
