"""Claims on several nodes: which experiments stay together on one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from harness.campaign.kept import left_to_do, node_of
from harness.claims.base import Claim


@dataclass(frozen=True)
class Block:
    """Experiments that some claim compares with one another, directly or through a third."""

    experiments: tuple[str, ...]
    claims: tuple[str, ...]
    """Ids of those that they decide."""

    @property
    def name(self) -> str:
        """For people."""
        return " with ".join(self.experiments)

    def paths(self, folder: Path) -> list[Path]:
        """Where their results are."""
        return [folder / name for name in self.experiments]

    def begun_on(self, folder: Path) -> str | None:
        """The node that it was begun on; empty text where on none, None where nothing is left to measure."""
        paths = self.paths(folder)
        left = any(left_to_do(path) in ("measure", "finish") for path in paths)
        return node_of(paths) if left else None


def blocks_of(claims: Iterable[Claim]) -> tuple[Block, ...]:
    """The experiments that claims need, in blocks that have none in common, in the order of the claims."""
    blocks: list[Block] = []
    for claim in claims:
        near = [one for one in blocks if set(one.experiments) & set(claim.experiments)]
        experiments = dict.fromkeys(name for one in near for name in one.experiments)
        experiments |= dict.fromkeys(claim.experiments)
        ids = (*(name for one in near for name in one.claims), claim.id)
        merged = Block(tuple(experiments), ids)
        where = blocks.index(near[0]) if near else len(blocks)
        blocks = [one for one in blocks if one not in near]
        blocks.insert(where, merged)
    return tuple(blocks)
