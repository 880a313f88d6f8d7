"""An interrupt waits for the end of the block that it must not cut in two."""

import os
import signal
import threading

import pytest

from harness.interrupts import ENDING, all_as_ctrl_c, held_back


@pytest.mark.parametrize("number", ENDING)
def test_an_interrupt_takes_effect_at_the_end(number: int) -> None:
    def interrupt(_number: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(number, interrupt)
    started: list[str] = []

    def start() -> None:
        with held_back():
            os.kill(os.getpid(), number)
            started.append("and noted")

    try:
        with pytest.raises(KeyboardInterrupt):
            start()
        assert started == ["and noted"]
        assert signal.getsignal(number) is interrupt
    finally:
        signal.signal(number, before)


def test_without_an_interrupt_nothing_happens() -> None:
    before = signal.getsignal(signal.SIGINT)
    with held_back():
        pass
    assert signal.getsignal(signal.SIGINT) is before


def test_a_thread_may_use_it_too() -> None:
    done: list[bool] = []

    def work() -> None:
        with held_back():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]


@pytest.mark.parametrize("number", ENDING)
def test_whatever_ends_an_experiment_is_as_ctrl_c(number: int) -> None:
    before = signal.getsignal(number)
    with pytest.raises(KeyboardInterrupt), all_as_ctrl_c():
        os.kill(os.getpid(), number)
    assert signal.getsignal(number) is before


def test_a_lost_terminal_is_ignored_under_nohup() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with all_as_ctrl_c():
            os.kill(os.getpid(), signal.SIGHUP)
    finally:
        signal.signal(signal.SIGHUP, before)
