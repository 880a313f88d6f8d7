"""A webserver that answers what no Dagster does: one line says so, and nothing waits for ever."""

import json
import random
import threading
from collections.abc import Iterator

import pytest

from tests.unit.cli_support import Run
from tests.unit.test_cli_demand import Instance
from tests.unit.test_mutated_inputs import mutated, mutated_json

KINDS = ("json", "json", "json", "text", "cut", "huge", "html", "bytes", "status")


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with Instance() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def answer(instance: Instance, chance: random.Random) -> tuple[int, str]:
    """HTTP status and body, of which something is not as it should be."""
    runs = [instance.run(number) for number in range(20)]
    document = {"data": {"runsOrError": {"__typename": "Runs", "results": runs}}}
    text, kind = json.dumps(document), chance.choice(KINDS)
    if kind == "json":
        return 200, json.dumps(mutated_json(document, chance))
    if kind == "text":
        return 200, mutated(json.dumps(document, indent=1), chance)
    if kind == "cut":
        return 200, text[: chance.randrange(len(text))]
    if kind == "huge":
        return 200, json.dumps({"data": {"runsOrError": {"__typename": "x" * 10**6, "message": "y" * 10**6}}})
    if kind == "html":
        return chance.choice((200, 404, 502)), "<html><body>Bad gateway</body></html>"
    if kind == "bytes":
        return 200, "".join(chr(chance.randrange(256)) for _ in range(2000))
    return chance.choice((204, 302, 400, 401, 403, 429, 500)), text


@pytest.mark.parametrize("seed", range(60))
def test_an_answer_that_is_none_is_told_in_one_line(run: Run, instance: Instance, seed: int) -> None:
    instance.status, instance.body = answer(instance, random.Random(f"answers {seed}"))
    done = run("demand", instance.url)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    [line] = done.stderr.strip().splitlines()
    assert line.startswith("error: ")
    assert len(line) < 1000
