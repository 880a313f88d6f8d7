"""The rooms and their imports as a picture: importers above what they import, so that every arrow leads down.

Layers by longest path, and in each the order that crosses least (Sugiyama, Tagawa & Toda 1981). An import is
left out of the picture where others imply it: those of a room that is reached by way of another.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

Imports = Mapping[str, set[str]]
Point = tuple[float, float]

BOX, HEIGHT, GAP, ROW = 104, 34, 22, 84
BEND = 14
"""Width that an arrow takes where it passes a layer."""
SWEEPS = 24


def drawing(imports: Imports) -> str:
    """SVG of the rooms, by name, and what each imports; there must be no cycle."""
    level = {room: _level(room, imports) for room in imports}
    chains = [_chain(room, used, level) for room, used in _direct(imports)]
    layers: list[list[str]] = [[] for _ in range(max(level.values()) + 1)]
    for room in imports:
        layers[level[room]].append(room)
    for chain in chains:
        for below, stop in enumerate(chain[1:-1], 1):
            layers[level[chain[0]] - below].append(stop)
    _arrange(layers, [pair for chain in chains for pair in pairwise(chain)])
    at, width = _places(layers, imports)
    height = ROW * len(layers) - (ROW - HEIGHT) + 2 * GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:g} {height:g}" width="{width:g}" '
        f'height="{height:g}" font-family="system-ui, sans-serif" font-size="14">',
        "<title>Rooms of the harness; an arrow leads to what a room imports</title>",
        '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0L8 4L0 8z" fill="#5b6b7b"/></marker>',
        f'<rect width="{width:g}" height="{height:g}" fill="#ffffff"/>',
    ]
    parts += [_arrow([at[stop] for stop in chain]) for chain in chains]
    parts += [_box(room, at[room]) for room in imports]
    return "\n".join((*parts, "</svg>")) + "\n"


def _level(room: str, imports: Imports) -> int:
    return max((1 + _level(used, imports) for used in imports[room]), default=0)


def _direct(imports: Imports) -> list[tuple[str, str]]:
    """Imports that no others imply."""

    def reached(room: str) -> set[str]:
        return imports[room].union(*(reached(used) for used in imports[room]))

    return [
        (room, used)
        for room in imports
        for used in sorted(imports[room])
        if not any(used in reached(other) for other in imports[room] - {used})
    ]


def _chain(room: str, used: str, level: Mapping[str, int]) -> list[str]:
    """The arrow from one to the other, with a stop in each layer between."""
    between = range(level[room] - level[used] - 1)
    return [room, *(f"{room} to {used}, {number}" for number in between), used]


def _arrange(layers: list[list[str]], pairs: list[tuple[str, str]]) -> None:
    """Order each layer by the mean place of its neighbours, above and below in turns; keep the best order."""
    best, fewest = [list(layer) for layer in layers], _crossings(layers, pairs)
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        order = range(len(layers) - 2, -1, -1) if down else range(1, len(layers))
        for number in order:
            fixed = layers[number + 1 if down else number - 1]
            place = {name: (index + 0.5) / len(fixed) for index, name in enumerate(fixed)}
            own = {name: (index + 0.5) / len(layers[number]) for index, name in enumerate(layers[number])}
            neighbours: dict[str, list[float]] = {name: [] for name in layers[number]}
            for above, below in pairs:
                mine, other = (below, above) if down else (above, below)
                if mine in neighbours and other in place:
                    neighbours[mine].append(place[other])
            means = {name: sum(all_) / len(all_) if all_ else own[name] for name, all_ in neighbours.items()}
            layers[number].sort(key=lambda name: (means[name], name))
        if (found := _crossings(layers, pairs)) < fewest:
            best, fewest = [list(layer) for layer in layers], found
    layers[:] = best


def _crossings(layers: list[list[str]], pairs: list[tuple[str, str]]) -> int:
    place = {name: index for layer in layers for index, name in enumerate(layer)}
    of = {name: number for number, layer in enumerate(layers) for name in layer}
    count = 0
    for number, (above, below) in enumerate(pairs):
        for other, under in pairs[number + 1 :]:
            if of[above] == of[other]:
                count += (place[above] - place[other]) * (place[below] - place[under]) < 0
    return count


def _places(layers: list[list[str]], rooms: Imports) -> tuple[dict[str, Point], float]:
    """Centre of each box and stop, and the width of the picture: each layer is spread over it."""

    def wide(name: str) -> int:
        return BOX if name in rooms else BEND

    widths = [sum(map(wide, layer)) for layer in layers]
    width = max(own + GAP * (len(layer) + 1) for own, layer in zip(widths, layers, strict=True))
    at: dict[str, Point] = {}
    for number, (own, layer) in enumerate(zip(widths, layers, strict=True)):
        free = (width - own) / (len(layer) + 1)
        x = 0.0
        for name in layer:
            x += free + wide(name)
            at[name] = (round(x - wide(name) / 2, 1), GAP + HEIGHT / 2 + ROW * (len(layers) - 1 - number))
    return at, width


def _arrow(stops: list[Point]) -> str:
    (x, y), last = stops[0], len(stops) - 1
    path = f"M{x:g} {y + HEIGHT / 2:g}"
    for number, (to_x, to_y) in enumerate(stops[1:], 1):
        start = y + HEIGHT / 2
        end = to_y - HEIGHT / 2 - (2 if number == last else 0)
        middle = (start + end) / 2
        path += f"C{x:g} {middle:g} {to_x:g} {middle:g} {to_x:g} {end:g}"
        if number != last:
            path += f"L{to_x:g} {to_y + HEIGHT / 2:g}"
        x, y = to_x, to_y
    return f'<path d="{path}" fill="none" stroke="#5b6b7b" stroke-width="1.3" marker-end="url(#tip)"/>'


def _box(room: str, at: Point) -> str:
    x, y = at
    return (
        f'<rect x="{x - BOX / 2:g}" y="{y - HEIGHT / 2:g}" width="{BOX}" height="{HEIGHT}" rx="6" '
        f'fill="#eaf1fb" stroke="#3b6fb6"/><text x="{x:g}" y="{y + 5:g}" text-anchor="middle" '
        f'fill="#12263f">{room}</text>'
    )
