"""Bars of block characters, and tables on narrow terminals."""

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console
from rich.text import Text

from harness.report.bars import ARM, POINTS, WIDTH, bar, bars, change, sparkline, used
from harness.report.table import print_table

WORDS = st.text("abc_ 12", max_size=40)


@pytest.mark.parametrize(
    ("share", "drawn"),
    [(0, ""), (0.001, "▏"), (0.5, "████"), (0.56, "████▍"), (0.999, "███████▉"), (1, "█" * 8), (3, "█" * 8)],
)
def test_a_bar_is_whole_only_from_the_whole_on(share: float, drawn: str) -> None:
    assert bar(share) == drawn


@given(st.lists(st.floats(0, 2), min_size=2))
def test_a_larger_share_has_no_shorter_bar(shares: list[float]) -> None:
    drawn = [bar(share) for share in sorted(shares)]
    order = "▏▎▍▌▋▊▉█"
    lengths = [sum(order.index(block) + 1 for block in one) for one in drawn]
    assert lengths == sorted(lengths)
    assert all(len(one) <= WIDTH for one in drawn)


def test_values_are_drawn_beside_the_largest_of_them() -> None:
    assert bars([1.0, None, 4.0]) == ["██", "", "████████"]
    assert bars([4.0]) == [""]  # nothing to be compared with
    assert bars([0.0, 0.0]) == ["", ""]


def test_a_limit_is_drawn_with_what_is_left_of_it() -> None:
    assert used(44, 100) == "███▌░░░░ 44%"
    assert used(120, 100) == "████████ 120%"
    assert used(None, 100) == "-"


@pytest.mark.parametrize(
    ("ratio", "certain", "drawn"),
    [
        (1.0, False, "····│····"),
        (1.01, True, "····│▌···"),
        (1.01, False, "····│····"),
        (1.1, True, "····│█···"),
        (1 / 1.1, True, "···█│····"),
        (0.87, True, "··▐█│····"),
        (1.27, False, "····│░░░·"),
        (3.0, True, "····│███▶"),
        (0.3, True, "◀███│····"),
        (0.0, True, ""),
        (None, False, ""),
    ],
)
def test_a_change_points_to_where_it_costs_more(ratio: float | None, certain: bool, drawn: str) -> None:
    assert change(ratio, certain) == drawn


@given(st.floats(1e-3, 1e3), st.booleans())
def test_a_change_and_its_inverse_mirror_each_other(ratio: float, certain: bool) -> None:
    left, right = change(ratio, certain).split("│")
    back_left, back_right = change(1 / ratio, certain).split("│")
    assert {len(left), len(right), len(back_left), len(back_right)} == {ARM}
    if ratio != 1:
        assert sum(one != "·" for one in left) == sum(one != "·" for one in back_right)


def test_a_sparkline_goes_from_lowest_to_highest() -> None:
    assert sparkline([1.0, 2.0, 3.0]) == "▁▅█"
    assert sparkline([2.0, 2.0]) == "▁▁"
    assert sparkline([2.0, 2.0], low=0) == "██"
    assert sparkline([9.0] * 10 + [0.0, 1.0] * POINTS) == "▁█" * (POINTS // 2)


def printed(width: int, header: tuple[str, ...], rows: list[tuple[str | Text, ...]]) -> str:
    stream = io.StringIO()
    print_table(Console(file=stream, width=width), "title", header, rows)
    return stream.getvalue()


@given(st.integers(30, 160), st.lists(st.tuples(WORDS, WORDS, WORDS), max_size=4))
def test_a_table_keeps_to_the_terminal_and_cuts_nothing_off(
    width: int, rows: list[tuple[str, str, str]]
) -> None:
    shown = printed(width, ("a", "b", "c"), list(rows))
    assert max(map(len, shown.splitlines())) <= width
    below = shown.split("─")[-1]
    assert sorted("".join(below.split())) == sorted("".join("".join(map("".join, rows)).split()))


def test_names_that_are_too_long_go_on_after_an_underscore() -> None:
    shown = printed(24, ("constant", "value"), [("launch_seconds_per_run", "0.692 seconds")])
    assert [line.split() for line in shown.splitlines()[3:]] == [
        ["launch_seconds_", "0.692"],
        ["per_run", "seconds"],
    ]


def test_cells_are_shown_and_not_run() -> None:
    assert "[red]x[/red]" in printed(80, ("[b]a[/b]",), [("[red]x[/red]",)])
    assert "[b]a[/b]" in printed(80, ("[b]a[/b]",), [])
