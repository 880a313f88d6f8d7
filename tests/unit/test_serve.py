"""The local server, asked over its socket: what it shows, and what it refuses."""

import html
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from harness.report.pages.listing_page import Filters
from harness.results.catalogue import Item
from harness.results.folder import ResultFolder
from tests.unit.cli_support import Run
from tests.unit.pages_support import HOSTILE, assert_escaped
from tests.unit.results_sample import cell_record, document
from tests.unit.serve_support import served, write_made
from tests.unit.test_page_sizing import sized

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    above = tmp_path_factory.mktemp("above")
    root = above / "results"
    shutil.copytree(ROOT / "results" / "claims" / "cap", root / "claims" / "cap")
    shutil.copy(ROOT / "results" / "claims" / "claims.json", root / "claims")
    write_made(root, "old", "1.9.13")
    write_made(root, "new", "1.13.27")
    ResultFolder(root / "hostile").write_document(
        document(name=HOSTILE, cells=(cell_record(workload=HOSTILE),), scenario={"load": {"levels": [9]}})
    )
    ResultFolder(root / "size").write_text("sizing.json", sized().model_dump_json())
    secret = above / "secret"
    ResultFolder(secret).write_document(document(name="secret"))
    (root / "link").symlink_to(secret)
    (root / "inner").mkdir()
    (root / "inner" / "result.json").symlink_to(secret / "result.json")
    return root


@pytest.fixture(scope="module")
def address(root: Path) -> Iterator[str]:
    with served(root) as found:
        yield found


def get(address: str, path: str, **headers: str) -> requests.Response:
    """One answer; the path goes out as it is, dots and all."""
    request = requests.Request("GET", address, headers=headers).prepare()
    request.url = address + path
    with requests.Session() as session:
        return session.send(request, timeout=60, allow_redirects=False)


def rows_of(page: str) -> list[str]:
    """Names of the results that are listed."""
    return [html.unescape(name) for name in re.findall(r'<th scope="row"><a href="[^"]*">([^<]*)</a>', page)]


def test_it_lists_what_is_there_and_nothing_beyond(address: str) -> None:
    answer = get(address, "/")
    assert answer.status_code == 200
    assert set(rows_of(answer.text)) >= {"old", "new", "hostile", "size", "claims"}
    assert "claims/cap" not in answer.text
    assert "link" not in rows_of(answer.text)
    assert_escaped(answer.text)
    assert "claims/cap" in get(address, "/?parts=1").text


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("version=1.9.13", {"old"}),
        ("version=1.13.27&kind=result", {"new", "hostile"}),
        ("workload=io_bound&kind=result", {"old", "new"}),
        ("validity=invalid", set()),
        ("kind=size", {"size"}),
        ("version=no-such", set()),
    ],
)
def test_it_filters(address: str, query: str, names: set[str]) -> None:
    assert set(rows_of(get(address, f"/?{query}").text)) == names


def test_what_runs_is_shown_even_as_a_part() -> None:
    part = Item("matrix/round-1", "result", part_of="matrix")
    assert not Filters().wants(part)
    assert Filters(parts=True).wants(part)
    assert Filters().wants(Item("matrix/round-1", "result", part_of="matrix", running=True))


def test_it_opens_reports_of_any_kind(address: str) -> None:
    for path, said in (
        ("new", "io_bound"),
        ("claims", "supported"),
        ("size", "MiB"),
        ("claims/cap", "valid"),
    ):
        answer = get(address, f"/report/{path}")
        assert answer.status_code == 200, path
        assert said in answer.text
        assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_it_compares_the_older_one_as_baseline(address: str) -> None:
    answer = get(address, "/compare?with=new&with=old")
    assert answer.status_code == 200
    assert "<h1>Dagster 1.13.27 against Dagster 1.9.13</h1>" in answer.text or "against 1.9.13" in answer.text


def test_what_is_not_alike_is_refused_with_a_way_on(address: str) -> None:
    answer = get(address, "/compare?with=new&with=hostile")
    assert answer.status_code == 400
    assert "scenario" in answer.text
    [anyway] = re.findall(r'href="(/compare[^"]*force=1)"', answer.text)
    assert "with=new" in anyway
    assert get(address, "/compare").status_code == 400
    assert get(address, "/compare?with=new").status_code == 400


@pytest.mark.parametrize(
    "path",
    [
        "/report/../secret",
        "/report/..%2fsecret",
        "/report/%2e%2e/secret",
        "/report/claims/../../secret",
        "/report//etc",
        "/report/%2fetc",
        "/report/link",
        "/report/inner",
        "/report/new%00",
        "/report/nowhere",
        "/live/../secret",
        "/live/link",
        "/live-data/link",
        "/compare?with=new&with=../secret",
        "/compare?with=new&with=link",
        "/compare?with=inner&with=new",
    ],
)
def test_no_address_leads_out_of_the_folder(address: str, path: str) -> None:
    answer = get(address, path)
    assert answer.status_code == 404, answer.text
    assert "secret" not in answer.text.replace("../secret", "")
    assert "root:x:0" not in answer.text


def test_foreign_hosts_and_other_methods_are_refused(address: str, root: Path) -> None:
    for host in ("evil.example", "evil.example:8765", "127.0.0.1.evil.example", "0.0.0.0", "[::1]", ""):
        answer = get(address, "/", Host=host)
        assert answer.status_code == 400, host
        assert "old" not in answer.text
    assert get(address, "/", Host="localhost:1234").status_code == 200
    for method in ("POST", "PUT", "DELETE"):
        assert requests.request(method, f"{address}/", timeout=30).status_code == 405
    assert get(address, "/nothing").status_code == 404


def test_what_does_not_run_has_no_live_page(address: str) -> None:
    answer = get(address, "/live/new")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/report/new")
    assert get(address, "/live-data/new").json() == {"ended": True}


def test_a_folder_or_a_port_that_cannot_be_had_is_one_line(run: Run, tmp_path: Path, address: str) -> None:
    done = run("serve", str(tmp_path / "nowhere"))
    assert done.returncode == 2
    assert "no such folder" in done.stderr
    done = run("serve", str(tmp_path), "--port", address.rpartition(":")[2])
    assert done.returncode == 2
    assert "cannot be had" in done.stderr
