"""One spelling for one document, so that the same document has the same hash wherever it was read."""

from __future__ import annotations

import json
from hashlib import sha256

from accounts.domain.documents import UnreadableDocumentError, parse_document


def canonical_json(document: object) -> str:
    """Write a document as AWS gave it in one spelling, whatever the order of its keys.

    JSON text, percent-encoded or not, reads like the dict it stands for; other text stands for itself.
    Raises TypeError or ValueError for what JSON cannot hold.
    """
    return json.dumps(_plain(document), sort_keys=True, separators=(",", ":"), allow_nan=False)


def sha256_of(document: object) -> str:
    """The hash under which a document is kept: 64 hexadecimal digits of its canonical form."""
    return sha256(canonical_json(document).encode()).hexdigest()


def _plain(document: object) -> object:
    if not isinstance(document, str):
        return document
    try:
        return parse_document(document)
    except UnreadableDocumentError:
        return document
