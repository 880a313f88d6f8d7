"""A campaign on the terminal: how it goes on, its reports, and Ctrl-C."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from harness.campaign.means import Means
from harness.cli.course import courses_of
from harness.cli.progress import observe
from harness.experiment.listener import Listener
from harness.interrupts import all_as_ctrl_c
from harness.report.claims_text import render_claims_markdown
from harness.report.markdown import render_markdown
from harness.report.trial_text import attempt_line, render_trial_markdown
from harness.results.claims_document import ClaimRecord, read_claims
from harness.results.folder import ResultFolder
from harness.results.kinds import kind_of
from harness.results.trial_document import AttemptRecord, read_trial
from harness.stack.place import Place


def means_of(console: Console, node: str = "", keep_off: str = "") -> Means:
    """What a campaign works with when a command runs it.

    Args:
        console: where it tells of its progress.
        node: of a cluster, to measure on; empty for any.
        keep_off: nodes, with commas between them, that only code servers may go to.
    """
    return Means(Terminal(console), publish, Place(node, tuple(filter(None, keep_off.split(",")))))


def publish(path: Path) -> None:
    """Write the Markdown report beside the document of a folder."""
    folder = ResultFolder(path)
    match kind_of(path):
        case "result":
            folder.write_text("report.md", render_markdown(folder.read_document(), courses_of(folder)))
        case "claims":
            folder.write_text("claims.md", render_claims_markdown(read_claims(path)))
        case "trial":
            folder.write_text("try.md", render_trial_markdown(read_trial(path)))


class Terminal:
    """A listener that prints."""

    def __init__(self, console: Console) -> None:
        self._console = console

    def part(self, heading: str) -> None:
        """A line of its own, in bold."""
        self._print(f"\n{heading}", "bold")

    def note(self, text: str) -> None:
        """A dim line."""
        self._print(f"  {text}", "dim")

    def trouble(self, text: str) -> None:
        """A red line."""
        self._print(f"  {text}", "red")

    def decided(self, claim: ClaimRecord) -> None:
        """The verdict and its evidence."""
        self._print(f"  {claim.id}: {claim.verdict}: {claim.evidence}", "")

    def attempted(self, attempt: AttemptRecord) -> None:
        """What came of it."""
        self._print(f"\n{attempt_line(attempt)}", "bold")

    @contextmanager
    def experiment(self) -> Iterator[Listener]:
        """Bars or lines; what ends it from outside ends it as cleanly as Ctrl-C does."""
        with all_as_ctrl_c(), observe(self._console) as listener:
            yield listener

    def _print(self, text: str, style: str) -> None:
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)
