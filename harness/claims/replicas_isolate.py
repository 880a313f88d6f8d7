"""One of three replicas dies: a third of the runs are lost, the others go on."""

from __future__ import annotations

from collections.abc import Mapping

from harness.claims.base import Claim, Decision, Needs, Number
from harness.claims.losses import EXPECTS, ServerLoss, server_losses
from harness.claims.measured import Measured
from harness.claims.rules import unanimous

ONE, THREE = "loss-long", "replicas"
THIRD, MOST = 0.5, 0.75
"""Share of the runs in flight that is lost: up to the one replicas isolate, from the other they do not."""


def decide(measured: Mapping[str, Measured]) -> Decision:
    """By burst: which share of the runs in flight was lost with the busiest of three replicas?"""
    alone, several = (server_losses(measured[name]) for name in (ONE, THREE))
    if not alone or any(_share(loss) != 1 for loss in alone):
        return Decision("inconclusive", "no single server died, or one did and not all its runs were lost")
    outcomes = [_isolated(_share(loss)) for loss in several]
    count = len(measured[THREE].bursts())
    outcomes += [None] * (count - len(several))
    lost, flying = (sum(getattr(loss, name) for loss in several) for name in ("lost", "in_flight"))
    of_one, of_all = (sum(getattr(loss, name) for loss in alone) for name in ("lost", "in_flight"))
    each = ", ".join(f"{loss.lost} of {loss.in_flight}" for loss in several)
    evidence = (
        f"with the busiest of three replicas {each} runs in flight were lost (by burst); with a single "
        f"server {of_one} of {of_all}"
    )
    source = f"{THREE}: runs in flight at bursts.lost_at_epoch_seconds"
    numbers = (
        Number("runs in flight, three replicas", flying, None, None, "runs", len(several), source),
        Number("of them lost", lost, None, None, "runs", len(several), source),
    )
    return Decision(unanimous(outcomes), evidence, numbers)


def _share(loss: ServerLoss) -> float:
    return loss.lost / loss.in_flight if loss.in_flight else float("nan")


def _isolated(share: float) -> bool | None:
    if share <= THIRD:
        return True
    return False if share >= MOST else None


CLAIM = Claim(
    id="replicas-isolate",
    says="One OOM kills only that replica's in-flight runs. 3 replicas, one OOM: lose ~5 (of 15), other 2 "
    "replicas keep running immediately",
    doubt="Only if the runs are spread over the replicas, and a burst may not be.",
    experiments=(ONE, THREE),
    rule="A burst of six runs at three replicas, of which the busiest is killed when all run. Share of the "
    "runs in flight that did not succeed, by burst: supported if at most one half in every one (at least "
    "3), refuted if at least three quarters in every one; open unless a single server loses all.",
    decide=decide,
    advice="Do not count on replicas behind one name to split the loss of a burst: launches that overlap "
    "share a connection. Where it matters, give each replica a code location and jobs of its own, or "
    "isolate the runs that must not be lost.",
    needs=Needs(containers=True, why="replicas behind one name"),
    expects=EXPECTS,
)
