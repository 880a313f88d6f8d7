"""Blocks on several nodes at once: who measures which, and what becomes of those of a lost node.

A block is what is compared within itself: a round of a matrix with all its versions, or experiments that
decide one claim. It stays whole on one node, so that no node is confounded with what is compared.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from harness.errors import ExperimentError

Measured = Callable[[int, str], str]
"""Measures a block on a node, in whatever process; returns why it broke off, or empty text."""
_POLL_SECONDS = 0.2


@dataclass
class _Blocks:
    """What is left to do; shared by threads, which hold `lock`."""

    begun: dict[int, str]
    """Blocks that nobody measures now, in order, each with the node that it was begun on, or empty text."""
    failure: str = ""
    running: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)

    def taken_for(self, node: str, nodes: Sequence[str]) -> int | None:
        """A block for a node that is free; None once there is nothing for it to do, now or later.

        One begun there comes before one that was not begun, and that before one begun on a node that is
        not at hand, as it has to begin anew. What another node at hand has begun is left to that one.
        """
        with self.changed:
            while not self.failure:
                choices = [
                    next((one for one, where in self.begun.items() if where == node), None),
                    next((one for one, where in self.begun.items() if not where), None),
                    next((one for one, where in self.begun.items() if where not in nodes), None),
                ]
                if (chosen := next((one for one in choices if one is not None), None)) is not None:
                    del self.begun[chosen]
                    self.running += 1
                    return chosen
                if not self.running and not self.begun:
                    return None
                self.changed.wait()  # another node may be lost yet, and its rounds come back
            return None

    def ended(self, number: int, failure: str = "", node: str = "", *, again: bool = False) -> None:
        """A block has ended: well, by a failure that ends the whole, or to be measured again elsewhere."""
        with self.changed:
            self.running -= 1
            if again:
                self.begun[number] = node
            elif failure and not self.failure:
                self.failure = failure
            self.changed.notify_all()


def measure_in_parallel(
    begun: Mapping[int, str],
    nodes: Sequence[str],
    measured: Measured,
    is_lost: Callable[[str], bool],
    note: Callable[[str], None],
    name_of: Callable[[int], str],
) -> None:
    """Measure blocks on several nodes, one on each at a time.

    Args:
        begun: blocks that are to be measured, each with the node that it was begun on, or empty text.
        nodes: to measure on.
        measured: measures one; called from threads.
        is_lost: whether a node is gone, after a block broke off on it; then that one is measured on
            another.
        note: is told of lost nodes; called from threads.
        name_of: what a block is called.

    Raises:
        ExperimentError: a block broke off on a node that is there, or no node is left.
        KeyboardInterrupt: as it came; blocks go on, and the caller has to end them.
    """
    blocks = _Blocks(dict(begun))
    at_hand = list(nodes)

    def work(node: str) -> None:
        while (number := blocks.taken_for(node, at_hand)) is not None:
            try:
                failure = measured(number, node)
                lost = bool(failure) and is_lost(node)
            except Exception as error:  # a thread that dies silently would leave the others waiting
                failure, lost = str(error) or type(error).__name__, False
            if lost:
                at_hand.remove(node)
                note(f"node {node} is lost; {name_of(number)} is measured again, whole, on another")
            blocks.ended(number, failure, node, again=lost)
            if lost:
                return

    threads = [threading.Thread(target=work, args=(node,), name=node, daemon=True) for node in nodes]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(_POLL_SECONDS)
    if blocks.failure:
        raise ExperimentError(blocks.failure)
    if blocks.begun:
        raise ExperimentError(f"no node is left for {', '.join(map(name_of, sorted(blocks.begun)))}")
