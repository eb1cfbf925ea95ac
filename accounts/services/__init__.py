"""One function per use case, called alike by page, command and task."""
