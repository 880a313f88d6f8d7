"""The sources of all replicas of a code server, asked together, on one clock: the harness's."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Mapping
from dataclasses import replace

import pandas as pd

from harness.errors import ExperimentError
from harness.observe.source import AT, Abilities, Newest, Readings, Source, SourceState


class SourceGroup:
    """One source for each replica, by the replica's name."""

    def __init__(self, sources: Mapping[str, Source]) -> None:
        self._sources = dict(sources)
        self._lost: dict[str, Source] = {}

    @property
    def abilities(self) -> Abilities:
        """What the sources of all replicas can; of the clock, the one that is furthest off."""
        every = [source.abilities for source in (*self._sources.values(), *self._lost.values())]
        return Abilities(
            kind=_each_once(one.kind for one in every),
            node=_each_once(one.node for one in every),
            clock_offset_seconds=max((one.clock_offset_seconds for one in every), key=abs),
            hz=min(one.hz for one in every),
            processes=all(one.processes for one in every),
            watermark=all(one.watermark for one in every),
            kills=all(one.kills for one in every),
        )

    @property
    def names(self) -> tuple[str, ...]:
        """The replicas, lost ones too."""
        return tuple(sorted((*self._sources, *self._lost)))

    def start(self) -> None:
        """Begin reading; ExperimentError where one does not greet."""
        for source in self._sources.values():
            source.start()

    @property
    def lost(self) -> frozenset[str]:
        """The replicas that have died."""
        return frozenset(self._lost)

    def lose(self, name: str) -> None:
        """Expect nothing more of a replica that has died; what was read of it is kept."""
        if name in self._sources:
            self._lost[name] = self._sources.pop(name)

    def replace(self, name: str, source: Source) -> None:
        """Read a replica that lives again; begins at once."""
        source.start()  # first: other threads ask those that are known
        self._lost.pop(name).close()
        self._sources[name] = source

    def reset(self) -> dict[str, SourceState]:
        """Start every watermark anew."""
        return {name: _on_our_clock(source, source.reset()) for name, source in self._sources.items()}

    def read(self) -> dict[str, SourceState]:
        """The states now; every sample up to them has arrived when this returns."""
        return {name: _on_our_clock(source, source.read()) for name, source in self._sources.items()}

    def walk(self) -> None:
        """Let each living replica's processes be walked soon; the walks come when they are done."""
        for source in self._sources.values():
            source.walk()

    def take(self) -> Readings:
        """Everything read since the last `take`, with a column `replica`, and forget it."""
        everyone = self._sources | self._lost
        taken = [(name, everyone[name], everyone[name].take()) for name in self.names]
        return Readings(
            _together([_shifted(source, r.samples).assign(replica=name) for name, source, r in taken]),
            _together([_shifted(source, r.processes).assign(replica=name) for name, source, r in taken]),
        )

    def peek_samples(self) -> dict[str, pd.DataFrame]:
        """The samples of each replica since the last `take`, which are kept."""
        return {name: _shifted(source, source.peek_samples()) for name, source in self._sources.items()}

    def latest_walks(self) -> dict[str, pd.DataFrame] | None:
        """The newest walk of each living replica's processes; None while one has not walked yet.

        Raises:
            ExperimentError: a source has ended, so nothing newer will ever come.
        """
        walks = {name: (source, source.latest()[1]) for name, source in self._sources.items()}
        known = {name: _shifted(source, walk) for name, (source, walk) in walks.items() if walk is not None}
        return known if len(known) == len(walks) else None

    def newest(self) -> dict[str, Newest]:
        """The newest sample and walk of each replica that still tells; any thread may ask."""
        found = {}
        for name, source in tuple(self._sources.items()):
            with contextlib.suppress(ExperimentError):
                sample, walk = source.latest()
                if sample is not None:
                    offset = source.abilities.clock_offset_seconds
                    sample = sample | {AT: float(sample[AT] or 0.0) - offset}
                found[name] = (sample, walk if walk is None else _shifted(source, walk))
        return found

    def close(self) -> None:
        """End every source; may be called again."""
        for source in (*self._sources.values(), *self._lost.values()):
            source.close()


def _each_once(words: Iterable[str]) -> str:
    return "; ".join(sorted(set(words)))


def _shifted(source: Source, frame: pd.DataFrame) -> pd.DataFrame:
    """The same rows on the harness's clock."""
    offset = source.abilities.clock_offset_seconds
    return frame.assign(**{AT: frame[AT] - offset}) if offset else frame


def _on_our_clock(source: Source, state: SourceState) -> SourceState:
    return replace(state, at=state.at - source.abilities.clock_offset_seconds)


def _together(frames: list[pd.DataFrame]) -> pd.DataFrame:
    # pandas warns of empty frames, whose column types it is going to ignore
    return pd.concat([frame for frame in frames if len(frame)] or frames[:1], ignore_index=True)
