"""The file of `server.env_file`: read as Dagster reads a `.env`, and refused without telling secrets."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.scenario.cells import cells_of
from harness.scenario.env_file import read_env_file
from harness.scenario.load import load_scenario
from harness.stack.server_command import server_settings, unread_env_file

SCENARIO = "name: x\nserver: {env_file: secrets.env, env: {MODE: test}}\nworkloads: [{workload: io_bound}]\n"


def written(folder: Path, name: str, text: str) -> Path:
    (folder / name).write_text(text, "utf-8")
    return folder / name


def test_its_variables_reach_the_code_server_and_env_goes_over_them(tmp_path: Path) -> None:
    written(tmp_path, "secrets.env", "# keys\nexport TOKEN='a b'\nMODE=live\nURL=http://${MODE}/x\n")
    scenario = load_scenario(written(tmp_path, "x.yaml", SCENARIO)).scenario
    settings = server_settings(scenario, cells_of(scenario)[0])
    assert settings["TOKEN"] == "a b"
    assert settings["MODE"] == "test"
    assert settings["URL"] == "http://live/x"
    assert "a b" not in scenario.model_dump_json()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\n\nhunter2\n", "secrets.env:3: NAME=value is expected"),
        ("A=1\nB='hunter2\n", "secrets.env:2: NAME=value is expected"),
        (None, "secrets.env cannot be read: No such file or directory"),
    ],
)
def test_what_is_amiss_is_told_by_its_line_and_not_by_its_text(
    tmp_path: Path, text: str | None, said: str
) -> None:
    if text is not None:
        written(tmp_path, "secrets.env", text)
    with pytest.raises(InputError) as refused:
        load_scenario(written(tmp_path, "x.yaml", SCENARIO))
    assert said in str(refused.value)
    assert "x.yaml:2: server.env_file:" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.env").write_bytes(b"A=\xff\xfe")
    with pytest.raises(InputError, match="is not UTF-8 text"):
        read_env_file(tmp_path / "x.env")


def test_a_dotenv_beside_the_code_is_said_not_to_be_read(tmp_path: Path) -> None:
    code = "name: x\nlocation: {python_file: defs.py}\nworkloads: [{job: j}]\n"
    written(tmp_path, "defs.py", "")
    assert unread_env_file(load_scenario(written(tmp_path, "x.yaml", code)).scenario) == ""
    written(tmp_path, ".env", "A=1\n")
    said = unread_env_file(load_scenario(tmp_path / "x.yaml").scenario)
    assert said.startswith(str(tmp_path / ".env"))
    assert "server.env_file" in said
    named = load_scenario(tmp_path / "x.yaml", ["server.env_file=.env"]).scenario
    assert unread_env_file(named) == ""
