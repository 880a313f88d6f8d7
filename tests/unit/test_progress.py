import io

import pytest
from rich.console import Console

from harness.cli.progress import observe


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_tells_what_happens_and_how_long_it_takes(terminal: bool) -> None:
    stream = io.StringIO()
    console = Console(file=stream, force_terminal=terminal, width=120)
    with observe(console) as observer:
        observer.cell_started(1, 2, "io_bound")
        observer.say("warm-up burst 1")
        observer.planned(12, 200.0)
        observer.burst_done("4 runs: 4 succeeded", 11, 80.0)
        observer.cell_finished("io_bound")
    output = stream.getvalue()
    assert "4 runs: 4 succeeded" in output
    assert "finished io_bound" in output
    if not terminal:
        assert "cell 1 of 2: io_bound" in output
        assert "12 bursts to measure, about 3 min left" in output
        assert "11 bursts left in this cell, about 80s left" in output
        assert "\x1b" not in output
