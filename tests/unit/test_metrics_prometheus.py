"""What a Prometheus answers is never taken on trust: whatever is wrong with it is said in one line."""

from __future__ import annotations

import json
import random
from collections.abc import Callable

import numpy as np
import pytest

from harness.errors import HarnessError, InputError, MachineError
from harness.metrics import prometheus_client
from harness.metrics.prometheus import PrometheusSource
from harness.metrics.source import Abilities, Instance
from tests.unit.scripted_prometheus import (
    AT,
    CPU,
    MEMORY,
    SINCE,
    UNTIL,
    VALUES,
    Answer,
    Asked,
    Script,
    answering,
    refusal,
    right,
    told,
)
from tests.unit.test_mutated_inputs import mutated_json

SELECT = 'namespace="data"'
SECRET = "s3cret-token"
HEADERS = {"Authorization": f"Bearer {SECRET}", "X-Scope-OrgID": "1"}


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prometheus_client, "WAITS", (0.0, 0.0))


def read(
    script: Script, say: Callable[[str], None] = lambda _line: None
) -> tuple[tuple[Instance, ...], Abilities]:
    with answering(script) as url:
        return PrometheusSource(url, SELECT, HEADERS).read(SINCE, UNTIL, say)


def refused(script: Script, kind: type[HarnessError] = InputError) -> str:
    with pytest.raises(kind) as error:
        read(script)
    said = str(error.value)
    assert "\n" not in said
    assert SECRET not in said
    assert len(said) < 1000
    return said


def is_whole(instances: tuple[Instance, ...]) -> bool:
    (one,) = instances
    found = [(one.readings["working_set_bytes"], MEMORY), (one.readings["cpu_seconds"], CPU)]
    return all(np.array_equal(it.at, AT) and np.array_equal(it.values, VALUES[name]) for it, name in found)


def test_what_is_told_is_read_with_the_headers() -> None:
    seen: list[Asked] = []

    def script(asked: Asked) -> Answer:
        seen.append(asked)
        return told(right(asked))

    instances, abilities = read(script)
    assert is_whole(instances)
    assert abilities.stamp == "measured"
    assert {asked.headers["Authorization"] for asked in seen} == {f"Bearer {SECRET}"}
    assert {asked.headers["X-Scope-OrgID"] for asked in seen} == {"1"}
    assert {asked.method for asked in seen} == {"GET"}


def test_what_is_too_long_for_an_address_is_posted() -> None:
    methods: set[str] = set()

    def script(asked: Asked) -> Answer:
        methods.add(asked.method)
        return told(right(asked))

    with answering(script) as url:
        source = PrometheusSource(url, f'namespace=~"data|{"x" * 2000}"')
        assert is_whole(source.read(SINCE, UNTIL, lambda _line: None)[0])
    assert "POST" in methods


def test_samples_that_a_server_gives_in_two_chunks_come_once() -> None:
    """As those do that lie on a border; and staleness markers and infinities are no readings."""

    def script(asked: Asked) -> Answer:
        document = right(asked)
        for one in document["data"]["result"] if "query" in asked.query else ():
            if "values" in one:
                one["values"] = [[AT[0], str(VALUES[one["metric"]["__name__"]][0])], *one["values"]]
                one["values"] += [[UNTIL - 1, "NaN"], [UNTIL - 2, "+Inf"], [UNTIL + 9, "1"]]
        return told(document)

    assert is_whole(read(script)[0])


@pytest.mark.parametrize(
    "refuse",
    [
        refusal(
            422, "execution", "query processing would load too many samples into memory in query execution"
        ),
        refusal(
            422,
            "execution",
            "the query exceeded the maximum number of chunks (err-mimir-max-chunks-per-query)",
        ),
        refusal(503, "timeout", "query timed out in expression evaluation"),
        Answer(b"<html>gateway timeout</html>", 504),
        Answer(b" " * (1 << 20)),
    ],
)
def test_what_is_too_much_at_once_is_asked_for_in_parts(
    refuse: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prometheus_client, "MOST_BYTES", 1 << 19)

    def script(asked: Asked) -> Answer:
        document = right(asked)
        results = document["data"]["result"] if "query" in asked.query else []
        many = any(len(one.get("values", ())) > 5 for one in results)
        return refuse if many else told(document)

    assert is_whole(read(script)[0])


def test_what_is_too_much_in_any_part_is_given_up() -> None:
    too_much = refusal(422, "execution", "query processing would load too many samples into memory")
    said = refused(lambda asked: too_much if "query" in asked.query else told(right(asked)), MachineError)
    assert "of 60 s" in said
    assert "too many samples" in said
    assert "select fewer" in refused(lambda _asked: too_much)


def test_one_that_is_busy_is_asked_again() -> None:
    count = 0

    def script(asked: Asked) -> Answer:
        nonlocal count
        count += 1
        return Answer(b"Service Unavailable", 503) if count % 3 else told(right(asked))

    assert is_whole(read(script)[0])


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(b"no", 401), "refuses access (HTTP 401); what --metrics-header names is not enough"),
        (Answer(b"", 403), "refuses access (HTTP 403)"),
        (Answer(b"404 page not found", 404), "HTTP 404: there is nothing at /api/v1); give its base address"),
        (Answer(b"<html>", 200, {"Content-Type": "text/html; charset=x"}), "text/html instead of JSON"),
        (Answer(b"", 200), "HTTP 200 with nothing instead of JSON"),
        (Answer(b'{"status":"success","data":[{"pod"', 200), "JSON that breaks off"),
        (Answer(b"[" * 100_000, 200), "JSON that breaks off"),
        (Answer(b"9" * 10_000, 200), "instead of JSON"),
        (Answer(b"\xff\xfe\x00", 200), "instead of JSON"),
        (told([]), "list instead of dict"),
        (told({"status": "success", "data": {}}), "dict instead of list"),
        (told({"status": "success", "data": [7]}), "labels that are none"),
        (told({"status": "success", "data": [{"pod": 7}]}), "labels that are none"),
        (told({"status": "success"}), "NoneType instead of list"),
        (refusal(400, "bad_data", "1:3: parse error: no"), f"--select {SELECT}: prometheus http"),
        (refusal(422, "execution", f"no {SECRET}\n\n here"), "no *** here"),
        (Answer(b"", 302, {"Location": "https://login.example/?back=x"}), "leads to https://login.example/)"),
    ],
)
def test_an_answer_that_is_none_is_said_to_be_so(answer: Answer, what: str) -> None:
    assert what in refused(lambda _asked: answer)


@pytest.mark.parametrize(
    ("answer", "what"),
    [
        (Answer(b"Service Unavailable", 503), "is busy or starts (HTTP 503)"),
        (refusal(500, "internal", "no disk"), "is busy or starts (HTTP 500: no disk)"),
        (Answer(b"slow down", 429), "HTTP 429"),
        (Answer(b'{"status":"succ', 200, {}, 1000), "the connection broke off"),
    ],
)
def test_a_server_that_cannot_answer_is_no_fault_of_the_input(answer: Answer, what: str) -> None:
    assert what in refused(lambda _asked: answer, MachineError)


def test_a_token_is_handed_to_no_other_server() -> None:
    seen: list[Asked] = []

    def elsewhere(asked: Asked) -> Answer:
        seen.append(asked)
        return told(right(asked))

    with answering(elsewhere) as other:
        said = refused(lambda asked: Answer(b"", 307, {"Location": f"{other}{asked.path}?token={SECRET}"}))
    assert seen == []
    assert "HTTP 307 leads to" in said


def test_a_proxy_does_not_stand_before_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert is_whole(read(lambda asked: told(right(asked)))[0])


def test_without_a_token_one_is_asked_for() -> None:
    with answering(lambda _asked: Answer(b"", 401)) as url:
        source = PrometheusSource(url, SELECT)
        with pytest.raises(InputError, match="send a token with --metrics-header Authorization=NAME"):
            source.read(SINCE, UNTIL, lambda _line: None)


def test_a_header_that_is_none_is_refused_without_its_value() -> None:
    with answering(lambda asked: told(right(asked))) as url:
        source = PrometheusSource(url, SELECT, {"Authorization": f"{SECRET}\n"})
        with pytest.raises(InputError, match="a header has characters that none may have") as error:
            source.read(SINCE, UNTIL, lambda _line: None)
    assert SECRET not in str(error.value)


def test_what_the_server_warns_of_is_passed_on_once() -> None:
    said: list[str] = []
    instances, _ = read(lambda asked: told({**right(asked), "warnings": ["a store is down"]}), said.append)
    assert is_whole(instances)
    assert [line for line in said if "warns" in line] == [said[0]]
    assert said[0].endswith("warns: a store is down")


def test_other_servers_may_be_unable_to_say_what_else_there_is() -> None:
    def script(asked: Asked) -> Answer:
        if "container_memory_working_set_bytes{namespace" in asked.query.get("match[]", ""):
            return told({"status": "success", "data": []})
        return refusal(422, "execution", "exceeds the limit")

    assert "it has very many others" in refused(script)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "prometheus",
        "ftp://x",
        "http://",
        "http://x:99999",
        "http://[::1",
        "http://me:s3cret-token@x",
        "//x",
    ],
)
def test_what_is_no_address_is_refused(url: str) -> None:
    with pytest.raises(InputError, match="--metrics") as error:
        PrometheusSource(url, SELECT)
    assert SECRET not in str(error.value)


@pytest.mark.parametrize(
    "url",
    [
        "http://x:9090/",
        "http://x:9090/graph?g0.expr=up",
        "http://x:9090/api/v1",
        "http://x:9090/api/v1/query",
    ],
)
def test_an_address_from_the_bar_of_a_browser_will_do(url: str) -> None:
    assert PrometheusSource(url, SELECT).name == "prometheus http://x:9090"
    assert PrometheusSource("https://x/prometheus/", SELECT).name == "prometheus https://x/prometheus"


def test_braces_around_the_matchers_will_do() -> None:
    with answering(lambda asked: told(right(asked))) as url:
        source = PrometheusSource(url, '{namespace="data",\n container="dagster",}')
        assert is_whole(source.read(SINCE, UNTIL, lambda _line: None)[0])


@pytest.mark.parametrize("seed", range(150))
def test_an_odd_answer_is_read_or_refused_in_one_line(seed: int) -> None:
    chance = random.Random(f"prometheus {seed}")
    left = chance.randrange(6)

    def script(asked: Asked) -> Answer:
        nonlocal left
        document = json.loads(json.dumps(right(asked)))
        left -= 1
        if left != -1:
            return told(document)
        if chance.random() < 0.2:
            whole = json.dumps(document).encode()
            return Answer(whole[: chance.randrange(len(whole))])
        return told(mutated_json(document, chance))

    said = ""
    try:
        read(script)
    except HarnessError as error:
        said = str(error)
    assert "\n" not in said
    assert SECRET not in said
    assert len(said) < 1000
