"""Heavy runs: at the memory limit the server is killed, and every run in flight is lost."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision
from harness.claims.losses import EXPECTS, NEEDS
from harness.claims.measured import Measured
from harness.claims.oom import RULE, SAYS, decide_oom

EXPERIMENT = "oom-heavy"


def decide(measured: Mapping[str, Measured]) -> Decision:
    """A few heavy runs at the limit."""
    return decide_oom(measured[EXPERIMENT], EXPERIMENT)


CLAIM = Claim(
    id="oom-kills-all-heavy",
    says=SAYS,
    doubt="The kernel kills the process it scores worst: with heavy runs that is a run, and the code server "
    "lives on.",
    experiments=(EXPERIMENT,),
    rule=f"Runs of several times the code server's own memory. {RULE}",
    decide=decide,
    advice="With heavy runs the limit takes single runs, the largest first: watch for runs that fail without "
    "a word, and not only for restarts of the task.",
    needs=NEEDS,
    expects=EXPECTS,
)
