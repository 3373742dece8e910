"""A bare aiosmtplib loop, the baseline of P14: one connection, mails sent one by one, no records.

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
    """Cost of a call: wall-clock seconds, CPU seconds, and peak memory in MiB."""

    seconds: float
    processor: float
    memory: float


def used(do: Callable[[], object]) -> Used:
    """Run a function and return its cost; the memory is that of the whole process."""
    begun, processor = time.perf_counter(), time.process_time()
    do()
    seconds, processor = time.perf_counter() - begun, time.process_time() - processor
    peak = re.search(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text("utf-8"))
    return Used(seconds, processor, int(peak[1]) / 1024 if peak else 0)


async def send(port: int, recipients: int, body: bytes) -> None:
    """Send a mail to this number of recipients."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port, start_tls=False) as client:
        for number in range(recipients):
            await client.sendmail("bounces@example.com", [f"p{number}@c.example"], body)


if __name__ == "__main__":
    port, recipients = map(int, sys.argv[1:3])
    body = Path(sys.argv[3]).read_bytes()
    print(*used(lambda: asyncio.run(send(port, recipients, body))))
