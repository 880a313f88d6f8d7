"""Shares as people write them, in per cent."""

from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from harness.scenario.model import Scenario
from harness.scenario.percentage import Percentage, parse_percentage

ADAPTER = TypeAdapter(Percentage)
WRONG = [
    "3",
    3,
    0.03,
    "abc",
    "",
    None,
    True,
    "-3%",
    "3 percent",
    "3e0%",
    "1,5%",
    "0%",
    "0.4%",
    "51%",
    "9" * 41,
]


@pytest.mark.parametrize(
    ("text", "share"), [("3%", 0.03), (" 2.5 % ", 0.025), ("0.5%", 0.005), (".5%", 0.005), ("50%", 0.5)]
)
def test_percentages(text: str, share: float) -> None:
    assert parse_percentage(text) == pytest.approx(share)


@pytest.mark.parametrize("wrong", WRONG)
def test_what_is_no_percentage_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"a percentage such as 3%|0\.5% to 50%"):
        parse_percentage(wrong)


@given(st.one_of(st.from_regex(r"\A[0-9]{0,3}(\.[0-9]{1,3})? ?%\Z"), st.sampled_from(WRONG)))
def test_the_schema_takes_what_the_reader_takes(value: Any) -> None:
    valid = jsonschema.Draft202012Validator(ADAPTER.json_schema()).is_valid(value)
    try:
        ADAPTER.validate_python(value)
    except ValidationError:
        assert not valid
    else:
        assert valid


def test_a_scenario_is_read_again_from_what_a_result_keeps_of_it() -> None:
    wanted = Scenario.model_validate(
        {"name": "a", "workloads": [{"workload": "io_bound"}], "load": {"width": "2.5%"}}
    )
    kept = wanted.model_dump(mode="json")
    assert kept["load"]["width"] == "2.5%"
    assert Scenario.model_validate(kept) == wanted


@pytest.mark.parametrize(
    ("load", "told"),
    [
        ({"levels": [3], "repeats": 9}, "give two levels or more"),
        ({"levels": [1, 3, 5], "repeats": 2}, "repeats: 3 or more"),
    ],
)
def test_a_width_that_cannot_be_told_is_refused_with_the_fix(load: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Scenario.model_validate(
            {"name": "a", "workloads": [{"workload": "io_bound"}], "load": load | {"width": "3%"}}
        )
