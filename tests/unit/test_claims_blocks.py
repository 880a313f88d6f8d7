"""Which experiments of claims stay together on one node, and what is left of them to do."""

from dataclasses import replace
from pathlib import Path

import pytest

from harness.campaign.claims import scenario_file
from harness.campaign.claims_blocks import Block, blocks_of
from harness.campaign.kept import set_aside_if_elsewhere
from harness.claims.base import Claim
from harness.claims.registry import CLAIMS
from harness.results.folder import ResultFolder


def claim(name: str, *experiments: str) -> Claim:
    return replace(CLAIMS[0], id=name, experiments=experiments)


def test_experiments_that_a_claim_compares_stay_together() -> None:
    blocks = blocks_of([claim("a", "light"), claim("b", "other"), claim("c", "light", "many")])
    assert blocks == (Block(("light", "many"), ("a", "c")), Block(("other",), ("b",)))


def test_a_claim_joins_what_was_apart() -> None:
    (block,) = blocks_of([claim("a", "x", "y"), claim("b", "z"), claim("c", "y", "z")])
    assert block == Block(("x", "y", "z"), ("a", "b", "c"))
    assert block.name == "x with y with z"


def test_all_claims_make_blocks_that_have_nothing_in_common() -> None:
    blocks = blocks_of(CLAIMS)
    names = [name for block in blocks for name in block.experiments]
    assert sorted(names) == sorted({name for one in CLAIMS for name in one.experiments})
    assert sorted(one for block in blocks for one in block.claims) == sorted(one.id for one in CLAIMS)
    assert len(blocks) > 10
    for one in CLAIMS:
        (block,) = [block for block in blocks if one.id in block.claims]
        assert set(one.experiments) <= set(block.experiments)
    assert all(scenario_file(name).is_file() for name in names)


def test_what_was_begun_on_another_node_is_kept_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = Block(("light", "many"), ("a",))
    assert block.begun_on(tmp_path) == ""
    for name in block.experiments[:1]:
        (tmp_path / name).mkdir()
    nodes = {"light": "node1", "many": ""}
    monkeypatch.setattr("harness.campaign.kept._node_of", lambda path: nodes[path.name])
    monkeypatch.setattr(ResultFolder, "exists", property(lambda folder: folder.path.is_dir()))
    notes: list[str] = []
    set_aside_if_elsewhere(block.paths(tmp_path), "node1", "the block", notes.append)
    assert notes == []
    set_aside_if_elsewhere(block.paths(tmp_path), "", "the block", notes.append)
    assert notes == []
    set_aside_if_elsewhere(block.paths(tmp_path), "node2", "the block", notes.append)
    assert notes == [
        "the block was begun on node1, and has one node: kept as light-set-aside-1, and measured again"
    ]
    assert (tmp_path / "light-set-aside-1").is_dir()
