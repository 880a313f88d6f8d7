from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.scenario.units import Seconds, parse_bytes, parse_seconds


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("5s", 5), ("250ms", 0.25), ("2m", 120), ("2 min", 120), ("1h", 3600), (3, 3), (0.5, 0.5)],
)
def test_times(text: Any, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    ("text", "size"), [("512MiB", 512 * 2**20), ("2GB", 2 * 10**9), ("1.5GiB", 3 * 2**29), (1024, 1024)]
)
def test_sizes(text: Any, size: int) -> None:
    assert parse_bytes(text) == size


@pytest.mark.parametrize("wrong", ["five", "5 parsecs", "", None, True, [5], "-5s"])
def test_what_is_no_time_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a time such as"):
        parse_seconds(wrong)


@pytest.mark.parametrize("wrong", ["lots", "5 apples", "", None, True, [5], float("inf"), float("nan")])
def test_what_is_no_size_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a size such as"):
        parse_bytes(wrong)


@pytest.mark.parametrize("endless", [float("inf"), float("nan"), -1])
def test_a_time_has_an_end(endless: float) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(endless)


@given(st.integers(0, 10**6))
def test_sizes_in_mib_are_exact(count: int) -> None:
    assert parse_bytes(f"{count}MiB") == count * 2**20


@given(st.floats(0, 10**6, allow_nan=False), st.sampled_from(["ms", "s", "m", "min", "h"]))
def test_times_are_read_as_written_in_their_unit(amount: float, unit: str) -> None:
    factor = {"ms": 0.001, "s": 1, "m": 60, "min": 60, "h": 3600}[unit]
    assert parse_seconds(f"{amount:f}{unit}") == pytest.approx(amount * factor, rel=1e-6, abs=1e-2)


@given(st.integers(0, 10**15))
def test_bare_numbers_stay_what_they_are(number: int) -> None:
    assert parse_bytes(number) == number
    assert parse_seconds(number) == number
