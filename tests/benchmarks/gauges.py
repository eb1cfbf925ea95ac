"""What processes have used, as Linux tells it: CPU seconds and memory, children included."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def family(pids: Iterable[int]) -> list[int]:
    """These processes and their children, as far as they are alive."""
    found = [pid for pid in pids if Path(f"/proc/{pid}/stat").exists()]
    for pid in list(found):
        found += family(int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split())
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system time that these processes and their children have taken so far."""
    return sum(_times(pid) for pid in family(pids)) / TICKS


def _times(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return int(fields[11]) + int(fields[12])  # utime and stime: see proc(5), counted from after the name


def memory_mb(pid: int, what: str = "VmRSS") -> float:
    """Memory of one process now (VmRSS) or at its peak (VmHWM), in MB of a million bytes."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(f"{what}:"):
            return int(line.split()[1]) * 1024 / 1e6
    return 0.0
