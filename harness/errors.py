"""Every error the harness raises on purpose, and the exit code each one ends the command with.

    HarnessError                     1
    ├── InputError                   2   a file, option or argument the user can correct
    │   ├── ResultError              2   the result folder
    │   └── CodeLocationError        2   the code under test: import, job or run config
    ├── MachineError                 3   this machine lacks something (rights, network, disk, a tool)
    ├── InvalidResultError           4   measured to the end, but the result is not valid
    ├── ExperimentError              5   the experiment broke off; what was measured is kept
    ├── NotHeldError                 6   a size was tried, and did not hold
    ├── RegressionError              7   something got costlier than the baseline
    ├── InconclusiveError            8   nothing did, but something is open, and that was to fail
    ├── HeadroomError                8   less headroom than was asked for
    └── Interrupted                130   Ctrl-C, SIGTERM or SIGHUP; what was measured is kept

Messages are one line: what is wrong, where, and what to do about it. The command line prints them
without a traceback; anything that is not a HarnessError is a bug and exits 1.
"""

from __future__ import annotations

from typing import ClassVar

EXIT_CODES: dict[int, str] = {
    0: "done; for bench: the result is valid",
    1: "a bug in dagster-sizing",
    2: "bad input: scenario, option, result folder, or the code under test",
    3: "this machine lacks something (`dagster-sizing doctor` says what)",
    4: "measured to the end, but the result is not valid",
    5: "the experiment broke off; what was measured is kept",
    6: "a size was tried, and did not hold",
    7: "something got costlier than the baseline",
    8: "something is open, and `--fail-on inconclusive` was given; or less headroom than `--check` asks for",
    130: "interrupted; what was measured is kept",
}
"""What each exit code of the command means; `--help` and the documentation are made from it."""


class HarnessError(Exception):
    """Base of all deliberate errors; `exit_code` is what the process ends with."""

    exit_code: ClassVar[int] = 1


class InputError(HarnessError):
    """Something the user wrote is wrong and can be corrected."""

    exit_code = 2


class ResultError(InputError):
    """A result folder is missing, unreadable or not fit for what was asked of it."""


class CodeLocationError(InputError):
    """The code under test does not import, lacks the job, or refuses the run config."""


class MachineError(HarnessError):
    """This machine cannot do what the scenario needs."""

    exit_code = 3


class InvalidResultError(HarnessError):
    """The experiment ended, but what it measured must not be used."""

    exit_code = 4


class ExperimentError(HarnessError):
    """The experiment broke off (server died, time-out); partial data is on disk."""

    exit_code = 5


class NotHeldError(HarnessError):
    """A size was tried to the end, and did not hold."""

    exit_code = 6


class RegressionError(HarnessError):
    """A comparison found something that got costlier."""

    exit_code = 7


class InconclusiveError(HarnessError):
    """A comparison left something open, and was told to fail then."""

    exit_code = 8


class HeadroomError(HarnessError):
    """An observed server came nearer to its limit of memory than it may."""

    exit_code = 8


class Interrupted(HarnessError):  # noqa: N818 - an event, not a fault
    """The user or the system asked us to stop."""

    exit_code = 130
