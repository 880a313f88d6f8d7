"""The cells of a scenario: each has a name of its own, or the scenario is refused."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.scenario.load import load_scenario


@pytest.mark.parametrize(
    ("field", "values", "said"),
    [
        ("memory", "[1GB, 953MiB]", "953 MiB"),
        ("cpus", "[1.0000001, 1.0000002]", "1"),
        ("health_check_every", "[20s, 20.0000001s]", "20s"),
    ],
)
def test_values_that_round_to_one_cell_are_refused(
    tmp_path: Path, field: str, values: str, said: str
) -> None:
    file = tmp_path / "x.yaml"
    file.write_text(f"name: x\nserver:\n  {field}: {values}\nworkloads: [{{workload: io_bound}}]\n")
    with pytest.raises(InputError) as refused:
        load_scenario(file)
    assert f"x.yaml:3: server.{field}: two of its values are {said} when rounded" in str(refused.value)
    assert "leave one of them out" in str(refused.value)
