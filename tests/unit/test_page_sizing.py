"""The page of a size, without a browser."""

from __future__ import annotations

from typing import Any

import pytest

from harness.report.pages.sizing_page import render_sizing_page
from harness.report.pictures.terms import terms_picture
from harness.results.sizing_document import (
    LayoutRecord,
    OfferRecord,
    PricesRecord,
    RuleRecord,
    SizingDocument,
)
from harness.sizing.shapes import MIB
from harness.views.compared_terms import terms_of
from tests.unit.pages_support import HOSTILE, MOST, assert_escaped, rows, shown
from tests.unit.sizing_made import TOO_LARGE, kind, quantities, sizing


def sized(**changes: Any) -> SizingDocument:
    whole = sizing()
    replicas = whole.replicas.model_copy(
        update={
            "layouts": (
                LayoutRecord(replicas=2, memory_bytes=2222.0 * MIB, lost_runs=5, lost_run_seconds=123.4),
            ),
            "rules": (RuleRecord(name="blast radius", favours="replicas", why="nine runs would be lost"),),
        }
    )
    return whole.model_copy(update={"replicas": replicas} | changes)


def test_a_size_says_what_to_deploy_first() -> None:
    page = render_sizing_page(sized(warnings=("9 runs are extrapolated from 6",), forced=True))
    text = shown(page)
    first = " ".join(text.split("a burst shall have started")[0].split())
    for words in (
        "9 runs are extrapolated from 6",
        "Forced:",
        "1,111.0 MiB",
        "1.31 cores",
        "DAGSTER_GRPC_MAX_WORKERS 11",
        "max_concurrent_runs 11",
        "two lose less",
        "ecs-fargate",
    ):
        assert words in first, words
    assert "This size is computed, from constants that were measured" in text
    for words in ("2,222.0 MiB", "blast radius", "nine runs would be lost", "6.25 → 7", "binds"):
        assert words in text, words
    assert len(page.encode()) < MOST


def test_terms_of_a_size_are_drawn_and_add_up() -> None:
    memory, cpu, _ = quantities()
    drawn = rows(terms_picture(memory))
    assert len(drawn) == 6
    target = [row for row in drawn if row["bound"] == "target"]
    assert [row["amount"] for row in target] == [121.0, 990.0]
    assert sum(row["amount"] for row in target) == target[0]["total"]
    assert "target: 1,111.0 MiB for 9 runs at once" in terms_picture(memory).text
    assert [row["amount"] for row in rows(terms_picture(cpu))] == pytest.approx([0.01, 1.3])
    for one in quantities():
        for need in one.needs:
            found = terms_of(one)
            found = found[found["bound"] == need.bound]
            assert found["amount"].sum() == pytest.approx(found["total"].iloc[0])


def test_a_size_that_nothing_on_offer_meets_says_so() -> None:
    prices = PricesRecord(file="prices.yaml", currency="USD", hours_per_month=730, offers=())
    none = sizing(fargate=None, kubernetes=None, compose=None, prices=prices)
    none = none.model_copy(
        update={
            "shapes": tuple(
                one.model_copy(
                    update={
                        "cpus": None,
                        "memory_bytes": None,
                        "max_concurrent_runs": None,
                        "note": TOO_LARGE,
                    }
                )
                for one in none.shapes
            )
        }
    )
    text = shown(render_sizing_page(none))
    assert "nothing on offer is large enough" in text
    assert TOO_LARGE in text
    assert "Nothing on offer in prices.yaml is large enough" in text


def test_prices_of_a_size_are_listed_whole() -> None:
    offers = tuple(
        OfferRecord(
            platform="compose", name=f"m{n}", cpus=2, memory_bytes=2**30, replicas=1, cost_per_month=10.0 + n
        )
        for n in range(12)
    )
    prices = PricesRecord(file="prices.yaml", currency="EUR", hours_per_month=730, offers=offers)
    text = shown(render_sizing_page(sized(prices=prices)))
    assert "21.00 EUR" in text
    assert "730 hours" in text


def test_hostile_names_in_a_size_are_shown_and_not_run() -> None:
    hostile = sized(
        result=HOSTILE,
        location=HOSTILE,
        warnings=(HOSTILE,),
        kinds=(kind(HOSTILE),),
        quantities=quantities(HOSTILE),
        prices=PricesRecord(file=HOSTILE, currency=HOSTILE, hours_per_month=1, offers=()),
    )
    assert_escaped(render_sizing_page(hostile))
