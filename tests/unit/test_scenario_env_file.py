"""The file of `server.env_file` and values of `server.env`: read, or refused, without telling secrets."""

from pathlib import Path

import pytest

from harness.errors import InputError
from harness.scenario.cells import cells_of
from harness.scenario.env_file import read_env_file
from harness.scenario.load import load_scenario
from harness.stack.server_command import said_of_environment, server_settings

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
    assert said_of_environment(load_scenario(written(tmp_path, "x.yaml", code)).scenario) == []
    written(tmp_path, ".env", "A=1\n")
    [said] = said_of_environment(load_scenario(tmp_path / "x.yaml").scenario)
    assert said.startswith(str(tmp_path / ".env"))
    assert "server.env_file" in said
    named = load_scenario(tmp_path / "x.yaml", ["server.env_file=.env"]).scenario
    assert said_of_environment(named) == []


def test_a_secret_without_a_value_is_taken_from_the_environment_and_kept_nowhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "name: x\nserver:\n  env: {API_TOKEN: , MODE: fast}\nworkloads: [{workload: io_bound}]\n"
    monkeypatch.setenv("API_TOKEN", "hunter2")
    scenario = load_scenario(written(tmp_path, "x.yaml", text)).scenario
    [cell] = cells_of(scenario)
    settings = server_settings(scenario, cell)
    assert (settings["API_TOKEN"], settings["MODE"]) == ("hunter2", "fast")
    assert "hunter2" not in scenario.model_dump_json()
    assert said_of_environment(scenario) == []
    monkeypatch.delenv("API_TOKEN")
    with pytest.raises(InputError, match=r"x\.yaml:3: server\.env: API_TOKEN without a value .* not set"):
        load_scenario(tmp_path / "x.yaml")


@pytest.mark.parametrize("name", ["API_TOKEN", "PGPASSWORD", "aws_secret", "STRIPE_APIKEY", "SENTRY_DSN"])
def test_a_value_that_sounds_like_a_secret_is_said_to_be_kept(tmp_path: Path, name: str) -> None:
    env = f"{{{name}: hunter2, MONKEY: a, TURKEY: b}}"
    text = f"name: x\nserver: {{env: {env}}}\nworkloads: [{{workload: io_bound}}]"
    [said] = said_of_environment(load_scenario(written(tmp_path, "x.yaml", text)).scenario)
    assert name in said
    assert "hunter2" not in said
