"""What campaigns do, and in which order, whatever happens to their experiments: on scripted deployments."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.bench import measure, measure_rest
from harness.campaign.claims import changed_verdicts, judge_claims, measure_claims
from harness.campaign.matrix import (
    begin_matrix,
    check_rounds,
    measure_matrix,
    node_of_round,
    versions_of,
)
from harness.campaign.trial import Trial
from harness.campaign.trial_begin import begin_trial, new_trial
from harness.campaign.trial_scenario import workload_of
from harness.claims.registry import CLAIMS
from harness.errors import ExperimentError, InputError, Interrupted, InvalidResultError, ResultError
from harness.results.claims_document import read_claims
from harness.results.fingerprint_record import FingerprintRecord
from harness.results.folder import ResultFolder
from harness.results.matrix_document import read_matrix
from harness.results.sizing_document import SizingDocument
from harness.results.trial_document import TrialDocument, read_trial
from harness.sizing.shapes import MIB, Size
from harness.stack.capabilities import PROCESS as PROCESS_CAN
from harness.stack.place import Place
from harness.stack.registry import StackName
from tests.unit.scripted_campaign import Heard, means_of, scenario
from tests.unit.scripted_deployment import ScriptedStack
from tests.unit.scripted_world import BASE_BYTES, RUN_BYTES, Script, World
from tests.unit.sizing_made import kind, sizing

PROCESS = StackName.process


# bench


def test_a_bench_is_fitted_and_published(tmp_path: Path) -> None:
    published: list[Path] = []
    measure(scenario(), PROCESS, tmp_path / "result", False, means_of(World(), Heard(), published))
    document = ResultFolder(tmp_path / "result").read_document()
    constants = {one.name: one for one in document.cells[0].constants}
    assert constants["memory_per_run_bytes"].value == pytest.approx(RUN_BYTES)
    assert constants["base_memory_bytes"].value == pytest.approx(BASE_BYTES)
    assert constants["open_files_per_run"].reason.startswith("not measured here")
    assert published == [tmp_path / "result"]


def test_a_bench_cut_short_is_gone_on_with_by_resume_alone(tmp_path: Path) -> None:
    wanted, folder = scenario(server={"memory": ["1GiB", "2GiB"]}), tmp_path / "result"
    with pytest.raises(Interrupted):
        measure(wanted, PROCESS, folder, False, means_of(World(Script(interrupted_burst=9)), Heard()))
    with pytest.raises(ResultError, match="holds a result already"):
        measure(wanted, PROCESS, folder, False, means_of(World(), Heard()))
    with pytest.raises(ResultError, match="with another scenario"):
        measure(scenario(seed=7), PROCESS, folder, True, means_of(World(), Heard()))
    elsewhere = replace(means_of(World(), Heard()), fingerprint=lambda _: FingerprintRecord({"cpu_count": 8}))
    with pytest.raises(ResultError, match=r"cpu_count: 4 then, 8 now.*another --out"):
        measure(wanted, PROCESS, folder, True, elsewhere)
    world = World()
    measure(wanted, PROCESS, folder, True, means_of(world, Heard()))
    assert len(world.ups) == 1
    assert ResultFolder(folder).read_document().validity.state == "valid"
    heard, untouched = Heard(), World()
    measure_rest(wanted, PROCESS, folder, means_of(untouched, heard))
    assert (heard.notes, untouched.ups) == (["measured already"], [])


def test_a_bench_that_breaks_off_is_concluded_all_the_same(tmp_path: Path) -> None:
    published: list[Path] = []
    world = World(Script(broken_cells=frozenset({0})))
    with pytest.raises(ExperimentError, match="was not ready"):
        measure(scenario(), PROCESS, tmp_path / "result", False, means_of(world, Heard(), published))
    assert published == [tmp_path / "result"]
    assert ResultFolder(tmp_path / "result").read_document().validity.state == "invalid"


def test_what_the_stack_cannot_do_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    means = means_of(World(), Heard())
    wanted = scenario(server={"memory": "1GiB", "replicas": 2})

    plain = replace(means, make_stack=lambda _name, _place: ScriptedStack(World(), PROCESS_CAN))
    with pytest.raises(InputError, match=r"server\.replicas.*'replicas'.*--stack compose"):
        measure(wanted, PROCESS, tmp_path / "result", False, plain)
    assert not (tmp_path / "result").exists()


# matrix

VERSIONS = "1.12.22,1.13.27"


def matrix(folder: Path, world: World, heard: Heard, resume: bool = False, node: str = "") -> None:
    wanted = scenario(load={"levels": [1, 2], "repeats": 2})
    document = begin_matrix(folder, wanted, versions_of(wanted, VERSIONS), 2, PROCESS, resume)
    measure_matrix(wanted, document, folder, PROCESS, replace(means_of(world, heard), place=Place(node)))


def test_versions_take_turns_in_every_round(tmp_path: Path) -> None:
    world, heard = World(), Heard()
    matrix(tmp_path / "matrix", world, heard)
    assert [up.split("-")[1] for up in world.ups] == ["1.12.22", "1.13.27", "1.12.22", "1.13.27"]
    assert heard.parts == [
        "round 1 of 2, Dagster 1.12.22 (0 of 4 done)",
        "round 1 of 2, Dagster 1.13.27 (1 of 4 done)",
        "round 2 of 2, Dagster 1.12.22 (2 of 4 done)",
        "round 2 of 2, Dagster 1.13.27 (3 of 4 done)",
    ]
    document = read_matrix(tmp_path / "matrix")
    assert document.finished_at
    seeds = [
        ResultFolder(tmp_path / "matrix" / one.folder).read_document().scenario.seed
        for one in document.rounds
    ]
    # both versions of a round fire in the same order, which is another one in the next round
    assert seeds[0] == seeds[1] != seeds[2] == seeds[3]
    check_rounds(tmp_path / "matrix", document)


def test_a_matrix_cut_short_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "matrix"
    first = World(Script(interrupted_burst=9))  # the second burst of the third round
    with pytest.raises(Interrupted):
        matrix(folder, first, Heard())
    with pytest.raises(ResultError, match="holds a matrix already"):
        matrix(folder, World(), Heard())
    again, heard = World(), Heard()
    matrix(folder, again, heard, resume=True)
    assert [up.split("-")[1] for up in again.ups] == ["1.12.22", "1.13.27"]
    assert heard.notes == ["2 of 4 measured already"]
    wanted = scenario(load={"levels": [1, 2], "repeats": 2})
    with pytest.raises(ResultError, match="scenario_sha256: the matrix there is of another one"):
        begin_matrix(folder, wanted, ("1.13.27", "1.12.22"), 2, PROCESS, True)


def test_an_inconclusive_round_is_kept_aside_and_measured_again(tmp_path: Path) -> None:
    folder = tmp_path / "matrix"
    disturbed = World(Script(stolen_bursts=frozenset(range(6))))
    matrix(folder, disturbed, Heard())
    document = read_matrix(folder)
    with pytest.raises(InvalidResultError, match=r"1 of 4 rounds are not valid; round-1-1\.12\.22"):
        check_rounds(folder, document)
    again, heard = World(), Heard()
    matrix(folder, again, heard, resume=True)
    assert len(again.ups) == 1
    assert heard.notes[0] == "3 of 4 measured already"
    assert heard.notes[1].startswith("was inconclusive: kept as round-1-1.12.22-set-aside-1")
    assert (folder / "round-1-1.12.22-set-aside-1" / "result.json").exists()
    check_rounds(folder, document)


def test_a_round_that_was_begun_on_another_node_begins_anew_and_is_kept(tmp_path: Path) -> None:
    folder = tmp_path / "matrix"
    with pytest.raises(Interrupted):  # in the second round's second result
        matrix(folder, World(Script(interrupted_burst=14)), Heard(), node="node1")
    document = read_matrix(folder)
    assert node_of_round(folder, document, 1) is None
    assert node_of_round(folder, document, 2) == "node1"
    heard = Heard()
    matrix(folder, World(), heard, resume=True, node="node2")
    assert heard.notes[0] == "3 of 4 measured already"
    assert heard.notes[1].startswith("the round was begun on node1, and has one node: kept as round-2")
    nodes = {
        one.folder: set(ResultFolder(folder / one.folder).table("bursts")["node"]) for one in document.rounds
    }
    # a round that is whole stays where it is
    assert list(nodes.values()) == [{"node1"}] * 2 + [{"node2"}] * 2
    assert ResultFolder(folder / "round-2-1.12.22-set-aside-1").exists


# claims

CHOSEN = tuple(claim for claim in CLAIMS if claim.id in ("run-is-thread", "cpu-linear", "shared-state"))


def test_every_experiment_is_made_once_however_many_claims_need_it(tmp_path: Path) -> None:
    world, heard = World(), Heard()
    document, broken = measure_claims(CHOSEN, tmp_path / "claims", PROCESS, False, means_of(world, heard))
    assert broken == []
    assert [part.split(": ", 1)[1] for part in heard.parts] == [
        "light (for run-is-thread, cpu-linear, shared-state)",
        "shared-state (for shared-state)",
    ]
    assert len(world.ups) == sum(
        len(ResultFolder(tmp_path / "claims" / name).read_document().cells)
        for name in ("light", "shared-state")
    )
    assert [record.id for record in document.claims] == [claim.id for claim in CHOSEN]
    assert {record.verdict for record in document.claims} <= {"supported", "refuted", "inconclusive"}
    # a claim is told as soon as all that it needs is there
    assert heard.verdicts[0][0] == "run-is-thread"
    assert document.finished_at


def test_an_experiment_that_breaks_off_leaves_its_claims_open_and_the_others_go_on(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    world, heard = World(Script(broken_cells=frozenset({0}))), Heard()
    document, broken = measure_claims(CHOSEN, folder, PROCESS, False, means_of(world, heard))
    assert broken == ["light"]
    assert heard.troubles == ["broke off: the code server was not ready after 120s; raise timeouts.start"]
    verdicts = {record.id: record.verdict for record in document.claims}
    assert verdicts["run-is-thread"] == "inconclusive"
    assert (folder / "shared-state" / "result.json").exists()
    again = Heard()
    document, broken = measure_claims(CHOSEN, folder, PROCESS, True, means_of(World(), again))
    assert broken == []
    assert again.notes == ["measured already"]
    assert {record.id: record.verdict for record in document.claims}["run-is-thread"] != "inconclusive"


def test_claims_cut_short_are_decided_as_far_as_they_can_be(tmp_path: Path) -> None:
    folder = tmp_path / "claims"
    light = 8  # bursts of the experiment that is measured first
    with pytest.raises(Interrupted, match="--resume"):
        measure_claims(
            CHOSEN, folder, PROCESS, False, means_of(World(Script(interrupted_burst=light + 3)), Heard())
        )
    verdicts = {record.id: record.verdict for record in read_claims(folder).claims}
    assert verdicts["run-is-thread"] in ("supported", "refuted")
    assert verdicts["shared-state"] == "inconclusive"
    with pytest.raises(ResultError, match="holds claims already"):
        measure_claims(CHOSEN, folder, PROCESS, False, means_of(World(), Heard()))


def test_verdicts_are_given_again_from_what_was_measured(tmp_path: Path) -> None:
    folder, published = tmp_path / "claims", list[Path]()
    measured, _ = measure_claims(CHOSEN, folder, PROCESS, False, means_of(World(), Heard()))
    first, *others = measured.claims
    turned = measured.model_copy(
        update={"claims": (first.model_copy(update={"verdict": "inconclusive"}), *others)}
    )
    again = judge_claims(CHOSEN[:1], folder, turned, published.append)
    assert again.claims == measured.claims == read_claims(folder).claims
    assert changed_verdicts(turned, again) == [f"{first.id}: inconclusive before, now {first.verdict}"]
    assert changed_verdicts(measured, again) == []
    assert published == [folder]


def test_without_docker_claims_that_need_it_are_not_tried(tmp_path: Path) -> None:
    chosen = tuple(claim for claim in CLAIMS if claim.id == "oom-kills-all-light")
    world = World()
    document, broken = measure_claims(chosen, tmp_path / "claims", PROCESS, False, means_of(world, Heard()))
    assert (world.ups, broken) == ([], [])
    assert document.claims[0].verdict == "not-testable-here"


# trials

PEAK = 9
RECOMMENDED = BASE_BYTES + 11 * RUN_BYTES
"""Two runs more than the peak fit."""


def made() -> SizingDocument:
    """A size for nine runs, whose constants are those of the script."""
    of_script = kind(per_run=RUN_BYTES / MIB, spread=0.02)
    costs = tuple(
        cost.model_copy(update={"value": BASE_BYTES, "low": 0.98 * BASE_BYTES, "high": 1.02 * BASE_BYTES})
        if cost.name == "base_memory_bytes"
        else cost
        for cost in of_script.costs
    )
    return sizing(
        compose=Size(1.0, RECOMMENDED),
        kinds=(of_script.model_copy(update={"costs": costs}),),
        scenario=scenario().model_dump(mode="json"),
    )


def trial_of(folder: Path, world: World, heard: Heard, resume: bool = False) -> TrialDocument:
    size, means = made(), means_of(world, heard)
    document = new_trial(size, "compose", PROCESS, 1.0, means.fingerprint(PROCESS))
    document = begin_trial(folder, document, resume)
    tried = Trial(size, workload_of(size), folder, PROCESS, 2, 1, means)
    return tried.whole(document, boundary=True)


def test_a_trial_finds_where_a_size_breaks(tmp_path: Path) -> None:
    heard = Heard()
    document = trial_of(tmp_path / "trial", World(Script(kernel_kills=True)), heard)
    assert heard.attempts[0] == ("size", "held")
    by_axis = {one.axis: one for one in document.boundaries}
    assert (by_axis["runs"].held, by_axis["runs"].broke) == (11, 12)
    # 9 runs take 650 MiB, and memory is stepped by 16 MiB from 750
    memory = by_axis["memory"]
    assert memory.held is not None
    assert memory.broke is not None
    needed = BASE_BYTES + PEAK * RUN_BYTES
    assert memory.broke < needed <= memory.held
    assert memory.held - memory.broke == 16 * MIB
    tried = [name for name, _ in heard.attempts]
    assert len(tried) == len(set(tried)) <= 8


def test_a_trial_cut_short_tries_nothing_again(tmp_path: Path) -> None:
    folder, heard = tmp_path / "trial", Heard()
    with pytest.raises(Interrupted):
        trial_of(folder, World(Script(kernel_kills=True, interrupted_burst=12)), heard)
    done = [name for name, outcome in heard.attempts]
    assert done
    with pytest.raises(ResultError, match="holds a trial already"):
        trial_of(folder, World(), Heard())
    again, world = Heard(), World(Script(kernel_kills=True))
    document = trial_of(folder, world, again, resume=True)
    # the size is told again, from what was measured; nothing else of before is
    made_now = [name for name, _ in again.attempts]
    assert set(made_now) & set(done) == {"size"}
    assert len(world.ups) == len(made_now) - 1
    assert {one.axis for one in document.boundaries} == {"runs", "memory"}
    assert read_trial(folder).boundaries == document.boundaries


def test_a_size_that_is_too_small_breaks_and_is_not_called_held(tmp_path: Path) -> None:
    world = World(Script(kernel_kills=True))
    size = made()
    small = size.model_copy(
        update={
            "shapes": tuple(
                one.model_copy(update={"memory_bytes": BASE_BYTES + 5 * RUN_BYTES}) for one in size.shapes
            )
        }
    )
    means = means_of(world, Heard())
    document = new_trial(small, "compose", PROCESS, 1.0, means.fingerprint(PROCESS))
    tried = Trial(small, workload_of(small), tmp_path / "trial", PROCESS, 2, 1, means)
    attempt = tried.size(document).attempts[0]
    assert attempt.outcome == "killed"
    assert attempt.bursts_held == 0
    assert attempt.oom_kills == 2 * (PEAK - 5)


def test_an_attempt_that_breaks_off_is_unclear_and_ends_the_search(tmp_path: Path) -> None:
    heard = Heard()
    world = World(Script(kernel_kills=True, broken_cells=frozenset({1})))
    document = trial_of(tmp_path / "trial", world, heard)
    assert heard.attempts[1][1] == "unclear"
    assert heard.troubles[0].startswith("broke off: ")
    runs = next(one for one in document.boundaries if one.axis == "runs")
    assert "was not ready" in runs.note
