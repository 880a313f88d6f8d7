"""Times as people write them."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.scenario.duration import Seconds, parse_seconds

UNITS = {"d": 86400.0, "h": 3600.0, "m": 60.0, "min": 60.0, "s": 1.0, "ms": 0.001}


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        *(("5s", 5), ("250ms", 0.25), ("2m", 120), ("2 min", 120), ("1h", 3600), ("1d", 86400)),
        *(("45", 45), (" 45.5 ", 45.5), (3, 3), (0.5, 0.5), (".5s", 0.5)),
        *(("1h30m", 5400), ("1h 30 min", 5400), ("1d12h", 129600), ("1m30s", 90), ("1s500ms", 1.5)),
    ],
)
def test_times(text: Any, seconds: float) -> None:
    assert parse_seconds(text) == pytest.approx(seconds)


@pytest.mark.parametrize(
    "wrong",
    [
        "five",
        "5 parsecs",
        "",
        " ",
        None,
        True,
        [5],
        "-5s",
        "30m1h",
        "1h30",
        "5S",
        "1,5s",
        "1e3",
        "PT1H",
        "9" * 41,
    ],
)
def test_what_is_no_time_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match="a time such as 45s"):
        parse_seconds(wrong)


@pytest.mark.parametrize("endless", [float("inf"), float("nan"), -1])
def test_a_time_has_an_end(endless: float) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(endless)


@given(st.floats(0, 10**6, allow_nan=False), st.sampled_from(sorted(UNITS)))
def test_times_are_read_as_written_in_their_unit(amount: float, unit: str) -> None:
    assert parse_seconds(f"{amount:f}{unit}") == pytest.approx(amount * UNITS[unit], rel=1e-6, abs=1e-1)


WORDS = st.lists(
    st.sampled_from(
        ["1", "0", ".", "5", "12", " ", "\n", "d", "h", "m", "min", "s", "ms", "-", "e", "x", "M"]
    ),
    max_size=9,
).map("".join)


@settings(max_examples=500)
@given(WORDS | st.text(max_size=50) | st.floats() | st.integers() | st.none() | st.booleans())
def test_the_schema_takes_exactly_what_is_read(value: Any) -> None:
    adapter = TypeAdapter(Seconds)
    try:
        adapter.validate_python(value)
        read = True
    except ValidationError:
        read = False
    finite = not isinstance(value, float) or abs(value) < float("inf")  # JSON has no other numbers
    if finite:
        assert jsonschema.Draft202012Validator(adapter.json_schema()).is_valid(value) == read
