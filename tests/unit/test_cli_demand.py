"""`dagster-sizing demand`: files and an instance that is made up, and what each refuses."""

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from rich.console import Console

from harness.cli import run_source
from harness.target.graphql import GraphQLClient, GraphQLError
from tests.unit.cli_support import Run

NOON = 1_769_860_800.0
TOKEN = "user:geheim-4711"


class Instance(ThreadingHTTPServer):
    """Answers as a webserver with `count` runs does, or badly."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.count = 1200
        self.most_per_page = 1000
        self.status = 200
        self.headers: dict[str, str] = {"Content-Type": "application/json"}
        self.body: str | None = None
        self.expects: tuple[str, str] | None = None
        self.silent = threading.Event()
        self.hold = False
        self.asked: list[dict[str, Any]] = []
        self.paths: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that gave up is no error of the server."""

    def page(self, variables: dict[str, Any]) -> list[dict[str, Any]]:
        """Newest first: run 0 is the oldest, is in progress, and came from no code location."""
        before = int(variables["cursor"]) if variables["cursor"] else self.count
        after = max(before - min(variables["limit"], self.most_per_page), 0)
        return [self.run(number) for number in range(before - 1, after - 1, -1)]

    def run(self, number: int) -> dict[str, Any]:
        origin = {"repositoryLocationName": "etl" if number % 3 else "reports"}
        return {
            "runId": str(number),
            "jobName": "nightly",
            "status": "FAILURE" if number % 2 else "SUCCESS",
            "startTime": NOON + 60 * number,
            "endTime": NOON + 60 * number + 90.5 if number else None,
            "repositoryOrigin": origin if number != 1 else None,
        }


class Handler(BaseHTTPRequestHandler):
    server: Instance

    def do_POST(self) -> None:
        instance = self.server
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        instance.asked.append(asked["variables"])
        instance.paths.append(self.path)
        status, body = instance.status, instance.body
        if instance.hold:
            instance.silent.wait(20)
        if instance.expects is not None and self.headers.get(instance.expects[0]) != instance.expects[1]:
            status, body = 401, "<html>who are you?</html>"
        if body is None:
            runs = {"__typename": "Runs", "results": instance.page(asked["variables"])}
            body = json.dumps({"data": {"runsOrError": runs}})
        data = body.encode()
        self.send_response(status)
        for name, value in instance.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        """Keep the test's output clean."""


@pytest.fixture
def instance() -> Iterator[Instance]:
    with Instance() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.silent.set()
        server.shutdown()
        thread.join()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two code locations, one of which has bursts of five; and a run in progress."""
    hours = [NOON + 3600 * hour for hour in range(48)]
    bursts = pd.DataFrame({"start": hours * 5, "location": "reports", "job": "hourly"})
    single = pd.DataFrame({"start": hours[:2], "location": "etl", "job": "daily"})
    runs = pd.concat([bursts, single]).assign(end=lambda runs: runs["start"] + 50)
    name = tmp_path / "all.csv"
    pd.concat([runs, pd.DataFrame({"start": [NOON]})]).to_csv(name, index=False)
    return name


def told(run: Run, *arguments: str) -> dict[str, Any]:
    done = run("demand", *arguments, "--format", "json")
    assert done.returncode == 0, done.stderr
    document: dict[str, Any] = json.loads(done.stdout)
    return document


def refused(run: Run, *arguments: str) -> str:
    done = run("demand", *arguments)
    assert done.returncode == 2, done.stdout + done.stderr
    assert TOKEN not in done.stdout + done.stderr
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def test_a_file_is_told_by_code_location(run: Run, file: Path) -> None:
    document = told(run, str(file))
    assert (document["runs"], document["runs_left_out"]) == (242, 1)
    reports, etl = document["locations"]
    assert (reports["location"], reports["runs"], reports["peak"], reports["most_starts"]) == (
        "reports",
        240,
        5,
        5,
    )
    assert (reports["arrivals"], reports["seconds_95"]) == ("in bursts", 50.0)
    assert (etl["location"], etl["runs_per_hour"], etl["peak"]) == ("etl", None, 1)


def test_the_table_teaches_and_names_the_next_step(run: Run, file: Path) -> None:
    done = run("demand", str(file))
    assert done.returncode == 0, done.stderr
    for words in (
        "runs of " + str(file) + ": 242",
        "- 1 left out: 1 in progress",
        "- 192 are like another row in every column, and counted",
        "reports",
        "in bursts",
        "2026-01-31 12:00:00",
        "variance / mean",
        "- too few runs",
        f"dagster-sizing size RESULT --history {file} --location reports",
    ):
        assert words in done.stdout


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_an_instance_is_read_page_by_page_and_saved(
    run: Run, instance: Instance, tmp_path: Path, ending: str
) -> None:
    out = tmp_path / f"my runs.{ending}"
    done = run("demand", instance.url, "--out", str(out))
    assert done.returncode == 0, done.stderr
    assert [asked["cursor"] for asked in instance.asked] == [None, "700", "200", "0"]
    assert ": 1,199\n- 1 left out: 1 in progress" in done.stdout
    assert f"1,199 runs saved; next: dagster-sizing size RESULT --history '{out}'" in done.stdout
    saved = pd.read_csv(out) if ending == "csv" else pd.read_parquet(out)
    assert list(saved.columns) == ["start", "end", "location", "job", "status", "run_id"]
    assert sorted(saved["start"]) == [NOON + 60 * number for number in range(1, 1200)]
    assert set(saved["status"]) == {"SUCCESS", "FAILURE"}
    first, again = told(run, instance.url), told(run, str(out))
    assert again["locations"] == first["locations"]
    assert [(one["location"], one["runs"]) for one in again["locations"]] == [
        ("etl", 799),
        ("reports", 399),
        ("", 1),
    ]
    assert [name.name for name in tmp_path.iterdir()] == [out.name]


def test_a_server_that_gives_small_pages_is_read_to_the_end(run: Run, instance: Instance) -> None:
    instance.most_per_page = 100
    assert told(run, instance.url)["runs"] == 1199
    assert len(instance.asked) == 13


def test_progress_is_told_now_and_then(run: Run, instance: Instance) -> None:
    instance.count = 12_000
    lines = run("demand", instance.url).stdout.splitlines()
    assert [line for line in lines if line.endswith("runs read")] == ["5,000 runs read", "10,000 runs read"]


def test_on_a_terminal_progress_leaves_nothing_behind() -> None:
    stream = io.StringIO()
    with run_source.counting(Console(file=stream, force_terminal=True, width=100)) as say:
        say(12_500)
    shown, erased = stream.getvalue().split("12,500 runs read")
    assert shown
    assert erased.endswith("\x1b[1A\x1b[2K")  # up a line, and that line emptied


def test_days_are_asked_for(run: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("harness.cli.run_source.time.time", lambda: NOON)
    told(run, instance.url, "--days", "2")
    assert instance.asked[0]["filter"] == {"createdAfter": NOON - 2 * 86_400}
    told(run, instance.url, "--days", "1e6")
    assert instance.asked[-1]["filter"] == {"createdAfter": 0.0}


@pytest.mark.parametrize("ending", ["", "/", "/graphql", "/graphql/", "?status=1#top"])
def test_the_address_may_be_that_of_the_ui_or_of_graphql(run: Run, instance: Instance, ending: str) -> None:
    told(run, instance.url + ending)
    assert set(instance.paths) == {"/graphql"}


def test_a_token_is_sent_in_the_header_that_is_named(
    run: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", f"{TOKEN}\n")
    instance.expects = ("Dagster-Cloud-Api-Token", TOKEN)
    assert told(run, instance.url, "--token-env", "MY_TOKEN")["runs"] == 1199
    instance.expects = ("Authorization", TOKEN)
    header = ("--token-header", "Authorization")
    assert told(run, instance.url, "--token-env", "MY_TOKEN", *header)["runs"] == 1199


@pytest.mark.parametrize("status", [401, 403])
def test_a_token_that_is_refused_is_never_shown(
    run: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    instance.status, instance.body = status, f"<html>{TOKEN}</html>"
    said = refused(run, instance.url)
    assert f"refuses access (HTTP {status}): name the environment variable that holds a token" in said
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    said = refused(run, instance.url, "--token-env", "MY_TOKEN")
    assert "--token-env MY_TOKEN: its token was sent in the header Dagster-Cloud-Api-Token" in said


def test_a_token_that_is_told_back_is_not_shown(
    run: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_TOKEN", TOKEN)
    instance.body = json.dumps({"errors": [{"message": f"bad token {TOKEN},\nnot known"}]})
    assert "bad token ***, not known" in refused(run, instance.url, "--token-env", "MY_TOKEN")
    instance.status, instance.headers = 302, {"Location": f"https://login.invalid/{TOKEN}?back=1"}
    assert "HTTP 302 leads to https://login.invalid/***)" in refused(
        run, instance.url, "--token-env", "MY_TOKEN"
    )


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("<html>\n<p>hello</p>\n</html>", "not a Dagster instance (no GraphQL answer from"),
        ("", "HTTP 200 with application/json instead of JSON"),
        ("[1]", "JSON that is no object"),
        ("{}", "JSON without data"),
        ('{"data": {"other": 1}}', "no answer about runs"),
        ('{"errors": [{"message": "Cannot query field runsOrError"}]}', "Dagster 1.8 to 1.13 is expected"),
        ('{"errors": {"code": 7}}', "gave no runs ({'code': 7})"),
        (
            '{"data": {"runsOrError": {"__typename": "PythonError", "message": "no\\ndatabase"}}}',
            "gave no runs (PythonError: no database)",
        ),
        (
            '{"data": {"runsOrError": {"__typename": "Runs", "results": []}}}',
            "ask for more of it with --days",
        ),
    ],
)
def test_what_is_no_history_is_said(run: Run, instance: Instance, body: str, words: str) -> None:
    instance.body = body
    said = refused(run, instance.url)
    assert words in said
    assert instance.url in said


def test_a_server_that_does_not_answer_in_time_is_given_up(
    run: Run, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_source, "TIMEOUT_SECONDS", 0.2)
    instance.hold = True
    assert "cannot be reached" in refused(run, instance.url)


def test_runs_that_are_all_in_progress_are_said(run: Run, instance: Instance) -> None:
    instance.count = 1
    assert "none of 1 runs has a start and an end" in refused(run, instance.url)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://127.0.0.1:9"], "SOURCE http://127.0.0.1:9: cannot be reached; check the address"),
        (["http://"], "has no host"),
        (["https://["], "not an address"),
        (["http://127.0.0.1:many"], "not an address"),
        ([f"http://{TOKEN}@127.0.0.1"], "a password in the address can be seen by others"),
        (["http://127.0.0.1:9", "--days", "0"], "--days 0"),
        (["http://127.0.0.1:9", "--token-env", "NOT_SET"], "--token-env NOT_SET: no such environment"),
        (["http://127.0.0.1:9", "--token-env", TOKEN], "not the token itself"),
        (["http://127.0.0.1:9", "--token-env", "HOME", "--token-header", "a b"], "--token-header a b"),
        (["nowhere.csv"], "nowhere.csv: no such file; name a CSV or Parquet file, or a Dagster instance by"),
        (["README.md"], "README.md: "),
        (["README.md", "--out", "runs.txt"], "ends in .csv or .parquet"),
        (["README.md", "--out", "nowhere/runs.csv"], "there is no folder nowhere"),
    ],
)
def test_bad_input_ends_in_a_clear_line_and_exit_code_2(run: Run, arguments: list[str], words: str) -> None:
    assert words in refused(run, *arguments)


def test_a_token_with_odd_characters_is_not_sent(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_TOKEN", "user:gehe\nim")
    said = refused(run, "http://127.0.0.1:9", "--token-env", "MY_TOKEN")
    assert "--token-env MY_TOKEN: its value has characters that no token has" in said
    assert "gehe" not in said


def test_the_history_itself_is_never_written_over(run: Run, file: Path) -> None:
    before = file.read_bytes()
    assert "the history itself" in refused(run, str(file), "--out", str(file))
    assert file.read_bytes() == before


def test_the_client_does_not_show_a_header_that_cannot_be_sent() -> None:
    client = GraphQLClient("http://127.0.0.1:9/graphql", headers={"Api-Token": "gehe\nim"})
    with pytest.raises(GraphQLError, match="a header has characters that none may have") as caught:
        client.execute("{ version }")
    client.close()
    assert "gehe" not in str(caught.value)


def test_a_proxy_counts_only_where_it_may(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, instance.url)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    instance.body = '{"data": {"version": "1"}}'
    remote = GraphQLClient("http://dagster.invalid/graphql", headers={"A": "b"}, through_proxy=True)
    assert remote.execute("{ version }") == {"version": "1"}
    remote.close()
    assert instance.paths == ["http://dagster.invalid/graphql"]
    here = GraphQLClient("http://127.0.0.1:9/graphql")
    with pytest.raises(GraphQLError, match="Connection refused"):
        here.execute("{ version }")
    here.close()
