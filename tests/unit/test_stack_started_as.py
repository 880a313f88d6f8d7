"""How a code server is started: the cells of a sweep, and the command, environment and probe of each."""

from typing import Any

import pytest

from harness.errors import ExperimentError
from harness.scenario.cells import Cell, cells_of
from harness.scenario.model import LocationSection, Scenario
from harness.stack.compose_override import override, server_command
from harness.stack.server_command import agent_settings

CODE = LocationSection(module="my.definitions")


def scenario(**server: Any) -> Scenario:
    document = {"name": "x", "workloads": [{"workload": "io_bound"}], "server": server}
    return Scenario.model_validate(document)


def only_cell(**server: Any) -> Cell:
    [cell] = cells_of(scenario(**server))
    return cell


def test_a_list_of_ways_to_start_makes_a_cell_for_each() -> None:
    swept = scenario(started_as=["grpc", "agent"], health_check_every=[0, "20s"], locations=[1, 2])
    ids = [cell.cell_id.partition("-8w")[2] for cell in cells_of(swept)]
    plain = ["", "-2locations", "-check20s", "-check20s-2locations"]
    assert ids == [*plain, *(f"-agent{one}" for one in plain)]


def test_each_way_to_start_has_its_command() -> None:
    assert server_command(only_cell(), CODE, "id")[:3] == ["dagster", "api", "grpc"]
    assert server_command(only_cell(started_as="agent"), CODE, "id")[:3] == ["dagster", "api", "grpc"]
    proxy = server_command(only_cell(started_as="code_server"), CODE, "id")
    assert proxy[:3] == ["dagster", "code-server", "start"]
    assert proxy[-2:] == ["--port", "4000"]
    own = LocationSection(image="mine", command=("serve", "--fast"))
    assert server_command(only_cell(), own, "id") == ["serve", "--fast"]


def test_further_locations_listen_on_ports_of_their_own() -> None:
    shell, flag, script, name, *argv = server_command(only_cell(locations=3), CODE, "id")
    assert (shell, flag, name) == ("sh", "-c", "sh")
    assert "in 4001 4002;" in script
    assert script.endswith('exec "$@" --port 4000')
    assert "--port" not in argv


def test_what_compose_is_told_leaves_dollars_alone_and_asks_for_the_probe() -> None:
    given = scenario(env={"PRICE": "5$"}, health_check_every="20s", locations=2)
    [cell] = cells_of(given)
    services = override(given, cell, server_command(cell, CODE, "id"), {"FROM_AGENT": "1"})["services"]
    server = services["code-server"]
    assert server["environment"] | {"PRICE": "5$$", "FROM_AGENT": "1"} == server["environment"]
    assert '"$$@"' in server["command"][2]
    assert server["healthcheck"]["test"] == ["CMD", "dagster", "api", "grpc-health-check", "-p", "4000"]
    assert server["healthcheck"]["interval"] == "20s"
    assert "healthcheck" not in override(given, only_cell(), [], {})["services"]["code-server"]
    assert services["webserver"]["environment"] == {"DAGSTER_GRPC_TIMEOUT_SECONDS": "120"}


def test_health_checks_of_companions_are_not_charged_to_them() -> None:
    document = {"name": "x", "workloads": [{"workload": "io_bound"}], "sampling": {"companions_hz": 4.0}}
    read = override(Scenario.model_validate(document), only_cell(), [], {})["services"]
    assert read["daemon"]["healthcheck"] == {"test": ["NONE"]}
    assert "python" not in str(read["webserver"]["healthcheck"])
    assert "healthcheck" not in override(scenario(), only_cell(), [], {})["services"]["webserver"]


def test_an_agents_environment_needs_what_dagster_says_of_the_instance() -> None:
    assert agent_settings("{}\n")["DAGSTER_INSTANCE_REF"] == "{}"
    assert agent_settings("{}")["DAGSTER_CLI_API_GRPC_LAZY_LOAD_USER_CODE"] == "1"
    with pytest.raises(ExperimentError, match="started_as"):
        agent_settings("\n")


@pytest.mark.parametrize("server", [{"started_as": "agent"}, {"locations": 2}])
def test_an_image_that_starts_its_own_server_cannot_be_started_otherwise(server: dict[str, Any]) -> None:
    document = {
        "name": "x",
        "location": {"image": "mine", "command": ["serve"]},
        "workloads": [{"job": "j"}],
        "server": server,
    }
    with pytest.raises(ValueError, match=r"location.command starts the code server itself"):
        Scenario.model_validate(document)
