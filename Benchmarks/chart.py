"""A chart of perplexity against megabytes as SVG, for light and dark pages."""
import dataclasses
import math
import pathlib
from html import escape

WIDTH, HEIGHT, GAP = 860, 500, 34
LEFT, RIGHT, TOP, BOTTOM = 62, 22, 52, 54
# In perplexities of the source; above the second no one would use a model.
LOWEST, HIGHEST = 0.92, 3
TICKS = (1, 1.2, 1.5, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8)
LETTER = 5.6  # the width of one in a label, about
STYLE = """
 text { font: 12px system-ui, sans-serif; fill: #1f2328 }
 .title { font-size: 15px; font-weight: 600 } .label { font-size: 10px } .note { fill: #59636e }
 .grid { stroke: #d1d9e0; stroke-width: 1 } .source { stroke: #59636e; stroke-dasharray: 5 4 }
 .curve { fill: none; stroke-width: 2 } .peer { fill: #bc4c00; stroke: #bc4c00 }
 .family { fill: none; stroke: #bc4c00; stroke-width: .8; opacity: .5 }
 .star { fill: #fff } .label { paint-order: stroke; stroke: #fff; stroke-width: 2.5px }
 .c0 { stroke: #0969da; stroke-width: 3 } .c1 { stroke: #8250df } .c2 { stroke: #bf3989 }
 .f0 { fill: #0969da } .f1 { fill: #8250df } .f2 { fill: #bf3989 } .page { fill: #fff }
 @media (prefers-color-scheme: dark) {
  text { fill: #f0f6fc } .note { fill: #9198a1 } .page { fill: #0d1117 }
  .grid { stroke: #3d444d } .source { stroke: #9198a1 }
  .peer { fill: #f0883e; stroke: #f0883e } .family { stroke: #f0883e }
  .star { fill: #0d1117 } .label { stroke: #0d1117 }
  .c0 { stroke: #4493f8 } .c1 { stroke: #ab7df8 } .c2 { stroke: #db61a2 }
  .f0 { fill: #4493f8 } .f1 { fill: #ab7df8 } .f2 { fill: #db61a2 }
 }"""
# Shapes by the bits of the embedding, centred on the point.
SHAPES = {8: "M-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0z", 6: "M-3.6,-3.6h7.2v7.2h-7.2z",
          4: "M0,-4.6L4.6,3.4H-4.6z"}


@dataclasses.dataclass
class Mark:
    """A peer's point. Ours is to be below the contested ones, and there the chart ends."""
    megabytes: float
    perplexity: float
    label: str
    embedding_bits: int
    is_contested: bool
    note: str


@dataclasses.dataclass
class Panel:
    """One model. Curves are (megabytes, perplexity) by name, the first the one that matters."""
    title: str
    source: float
    peers: list
    curves: dict


def write(path, panels):
    """Panels below each other."""
    height = HEIGHT * len(panels) + GAP
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" '
             f'width="{WIDTH}" height="{height}" role="img">',
             "<title>Perplexity against total megabytes</title>", f"<style>{STYLE}</style>",
             f'<rect class="page" width="{WIDTH}" height="{height}"/>']
    for index, panel in enumerate(panels):
        parts += [f'<g transform="translate(0 {HEIGHT * index})">', *Drawing(panel).parts, "</g>"]
    x, y = LEFT, height - 14
    for kind, shape, text, width in (
        ("peer", SHAPES[8], "llama.cpp, embedding in 8 bits", 180),
        ("peer", SHAPES[6], "6 bits", 62), ("peer", SHAPES[4], "4 bits", 74),
        ("peer star", SHAPES[8], "* with its larger types where rows do not fit", 0),
    ):
        parts += [f'<path class="{kind}" d="{shape}" transform="translate({x + 5} {y - 4})"/>',
                  f'<text class="label" x="{x + 14}" y="{y}">{text}</text>']
        x += width
    pathlib.Path(path).write_text("\n".join([*parts, "</svg>", ""]), encoding="utf-8")


class Drawing:
    """The elements of one panel."""

    def __init__(self, panel):
        self.parts, self.taken = [], []
        bottom, top = panel.source * LOWEST, panel.source * HIGHEST
        widest = max(mark.megabytes for mark in panel.peers if mark.is_contested)
        shown = [mark for mark in panel.peers
                 if mark.perplexity <= top and mark.megabytes <= widest]
        curves = {name: inside(curve, top, widest * 1.02) for name, curve in panel.curves.items()}
        sizes = [mark.megabytes for mark in shown] + [
            size for size, _ in next(iter(curves.values()), [])]
        self.x_range = min(sizes) - 0.02 * widest, widest * 1.02
        self.y_range = math.log(bottom), math.log(top)
        self.axes(panel)
        self.lines(panel.source, curves)
        self.marks(shown)
        if hidden := len(panel.peers) - len(shown):
            self.text(WIDTH - RIGHT, TOP - 8, f"{hidden} points of llama.cpp are outside",
                      "label note", "end")

    def x(self, megabytes):
        low, high = self.x_range
        return LEFT + (megabytes - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def y(self, perplexity):
        low, high = self.y_range
        return HEIGHT - BOTTOM - (math.log(perplexity) - low) / (high - low) * (
            HEIGHT - TOP - BOTTOM)

    def text(self, x, y, text, kind="", anchor="start"):
        self.parts.append(f'<text class="{kind}" x="{x:.1f}" y="{y:.1f}" '
                          f'text-anchor="{anchor}">{escape(text)}</text>')

    def axes(self, panel):
        self.text(LEFT, 24, panel.title, "title")
        self.text(LEFT, TOP - 8, "perplexity (log)", "label note")
        self.text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 16, "total megabytes", "note", "middle")
        step = nice((self.x_range[1] - self.x_range[0]) / 8)
        digits = max(0, -math.floor(math.log10(step)))
        for n in range(math.ceil(self.x_range[0] / step), int(self.x_range[1] / step) + 1):
            x = self.x(n * step)
            self.parts.append(f'<path class="grid" d="M{x:.1f},{TOP}V{HEIGHT - BOTTOM}"/>')
            self.text(x, HEIGHT - BOTTOM + 18, f"{n * step:.{digits}f}", "", "middle")
        last = HEIGHT
        power = 10 ** math.floor(math.log10(panel.source))
        for value in (tick * scale for scale in (power, 10 * power) for tick in TICKS):
            y = self.y(value)
            # On a log axis labels crowd towards the top.
            if panel.source * LOWEST <= value <= panel.source * HIGHEST and last - y >= 22:
                self.parts.append(f'<path class="grid" d="M{LEFT},{y:.1f}H{WIDTH - RIGHT}"/>')
                self.text(LEFT - 8, y + 4, f"{value:g}", "", "end")
                last = y

    def lines(self, source, curves):
        y = self.y(source)
        self.parts.append(f'<path class="source" d="M{LEFT},{y:.1f}H{WIDTH - RIGHT}"/>')
        self.text(WIDTH - RIGHT, y + 13, f"source, {source:.2f}", "label note", "end")
        self.taken.append((WIDTH - 150, y - 2, WIDTH, y + 14))
        for index, (name, curve) in enumerate(curves.items()):
            points = [(self.x(size), self.y(value)) for size, value in curve]
            x = LEFT + 190 + 190 * index
            self.parts.append(f'<path class="curve c{index}" d="M{x - 28},20h22"/>')
            self.text(x, 24, name)
            if points:
                self.parts.append(f'<path class="curve c{index}" d="M' + "L".join(
                    f"{x:.1f},{y:.1f}" for x, y in points) + '"/>')
            for a, b in zip(points, points[1:]):
                self.taken += along(a, b)

    def marks(self, marks):
        points = [(self.x(mark.megabytes), self.y(mark.perplexity)) for mark in marks]
        families = {}
        for mark, point in zip(marks, points):
            families.setdefault(mark.label, []).append(point)
        for family in families.values():
            self.parts.append('<path class="family" d="M' + "L".join(
                f"{x:.1f},{y:.1f}" for x, y in sorted(family)) + '"/>')
        for mark, (x, y) in zip(marks, points):
            kind = "peer star" if mark.label.endswith("*") else "peer"
            self.parts.append(
                f'<path class="{kind}" d="{SHAPES[mark.embedding_bits]}" '
                f'transform="translate({x:.1f} {y:.1f})"><title>{escape(mark.note)}</title></path>')
            self.taken.append((x - 4, y - 4, x + 4, y + 4))
        # A label a type, at the first of its points that has room for it.
        labelled = set()
        for mark, (x, y) in sorted(zip(marks, points), key=lambda item: item[1]):
            width = LETTER * len(mark.label) + 2
            for dx, dy, anchor in ((7, -3, "start"), (-7, -3, "end"), (7, 11, "start"),
                                   (-7, 11, "end"), (7, 4, "start"), (-7, 4, "end")):
                left = x + dx - (width if anchor == "end" else 0)
                box = left, y + dy - 8, left + width, y + dy + 1
                if mark.label in labelled or not LEFT <= left <= WIDTH - RIGHT - width:
                    continue
                if not any(overlap(box, other) for other in self.taken):
                    self.text(x + dx, y + dy, mark.label, "label", anchor)
                    self.taken.append(box)
                    labelled.add(mark.label)


def inside(curve, top, right):
    """The part of a falling curve below `top` and left of `right`, cut off at the edges."""
    result = [curve[0]] if curve and curve[0][1] <= top and curve[0][0] <= right else []
    for (a, p), (b, q) in zip(curve, curve[1:]):
        if q > top or a >= right:
            continue
        if p > top:
            result.append((a + (b - a) * math.log(p / top) / math.log(p / q), top))
        share = min(1, (right - a) / (b - a))
        result.append((a + (b - a) * share, p * (q / p) ** share))
    return result


def along(a, b):
    """Small boxes along a line, for labels to stay away from."""
    steps = max(1, int(math.dist(a, b) / 6))
    for n in range(steps + 1):
        x, y = (p + (q - p) * n / steps for p, q in zip(a, b))
        yield x - 2, y - 2, x + 2, y + 2


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def nice(step):
    """The next of 1, 2, 5 times a power of ten."""
    power = 10 ** math.floor(math.log10(step))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= step * 0.999)
