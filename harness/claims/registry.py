"""All claims, in the guide's order."""

from __future__ import annotations

from harness.claims import run_is_thread
from harness.claims.base import Claim

CLAIMS: tuple[Claim, ...] = (run_is_thread.CLAIM,)
