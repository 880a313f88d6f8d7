"""Where in a cluster an experiment goes."""

from __future__ import annotations

from dataclasses import dataclass

_CLUSTER = "cluster/"


@dataclass(frozen=True)
class Place:
    """Nodes of a cluster; the default is wherever the scheduler finds room."""

    node: str = ""
    """That of the code servers; empty for any."""
    measured: tuple[str, ...] = ()
    """Nodes that experiments of the same campaign have at the same time; all else keeps off them."""

    @property
    def spot(self) -> str:
        """As the ledger keeps it, so that others know whether they share a machine with it."""
        return _CLUSTER + self.node


ANYWHERE = Place()


def disturbs(other: str, spot: str) -> bool:
    """Whether an experiment at one spot may take CPU from one at another; an empty text is this machine.

    From here, a cluster is only loaded, and what is measured there does not notice what runs here. An
    experiment that any node may have may share it with any other.
    """
    if not spot.startswith(_CLUSTER):
        return True
    return other.startswith(_CLUSTER) and (other == spot or _CLUSTER in (other, spot))
