"""Light runs: at the memory limit the server is killed, and every run in flight is lost."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.losses import EXPECTS, NEEDS
from harness.claims.measured import Measured
from harness.claims.oom import RULE, SAYS, decide_oom

EXPERIMENT = "oom-light"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """Many light runs at the limit."""
    return decide_oom(measured[EXPERIMENT], EXPERIMENT)


CLAIM = Claim(
    id="oom-kills-all-light",
    says=SAYS,
    doubt="The kernel kills the process it scores worst, which need not be the code server.",
    experiments=(EXPERIMENT,),
    rule=f"Runs of less memory than the code server's own. {RULE}",
    decide=decide,
    advice="Leave the runs' memory room below the limit; and switch run monitoring on, as runs lost with the "
    "server stay in progress otherwise and hold their places in the queue.",
    needs=NEEDS,
    expects=EXPECTS,
)
