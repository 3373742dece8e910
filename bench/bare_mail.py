"""A bare aiosmtplib loop, which P14 compares with: one connection, one mail after the other, no record.

python bench/bare_mail.py PORT RECIPIENTS FILE
"""

from __future__ import annotations

import asyncio
import re
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import aiosmtplib

if TYPE_CHECKING:
    from collections.abc import Callable


class Used(NamedTuple):
    """What something took: seconds on the clock and of a processor, and MiB of memory at most."""

    seconds: float
    processor: float
    memory: float


def used(do: Callable[[], object]) -> Used:
    """Run something and say what it took; the memory is that of the whole process."""
    begun, processor = time.perf_counter(), time.process_time()
    do()
    seconds, processor = time.perf_counter() - begun, time.process_time() - processor
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    return Used(seconds, processor, int(peak[1]) / 1024 if peak else 0)


async def send(port: int, recipients: int, body: bytes) -> None:
    """Send a mail to as many recipients."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        for number in range(recipients):
            await client.sendmail("bounces@example.com", [f"p{number}@c.example"], body)


if __name__ == "__main__":
    port, recipients = map(int, sys.argv[1:3])
    body = Path(sys.argv[3]).read_bytes()
    print(*used(lambda: asyncio.run(send(port, recipients, body))))
