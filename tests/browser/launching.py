"""How a browser is started wherever Rolecall is tested: it keeps to itself."""

from __future__ import annotations

QUIET = ("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking")
