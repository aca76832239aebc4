#!/usr/bin/env python3
"""Draws what a terminal shows as an SVG: terminal.py [--title TEXT] < captured.ansi > picture.svg

The input is text with SGR colour codes, as `tmux capture-pane -e -p` writes it. Only Python's standard library is needed. How
docs/pictures/demo.svg was made:

    tmux new-session -d -s demo -x 100 -y 30 './geckodriver.sh timeout 120 target/release/firstserve demo; sleep 60'
    sleep 60; tmux capture-pane -e -p -t demo | docs/pictures/terminal.py --title 'firstserve demo' > docs/pictures/demo.svg
"""

import argparse
import re
import sys
from dataclasses import dataclass, replace
from html import escape

# Light paper, dark ink; the darker half of a usual palette, each at least 4.5 : 1 on the paper.
PAPER, EDGE, INK, FAINT = "#fbfaf7", "#dedad0", "#24292f", "#6b6f76"
COLOURS = {
    30: INK, 31: "#b3261e", 32: "#1a7f37", 33: "#8a5a00", 34: "#0b5cad", 35: "#8250df", 36: "#0b6f80", 37: FAINT,
    90: FAINT, 91: "#b3261e", 92: "#1a7f37", 93: "#8a5a00", 94: "#0b5cad", 95: "#8250df", 96: "#0b6f80", 97: INK,
}
SIZE, CELL, LINE, MARGIN, HEAD = 14, 8.43, 21, 22, 40
FONT = "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace"
SGR = re.compile(r"\x1b\[([0-9;]*)m")
OTHER = re.compile(r"\x1b(\[[0-9;?]*[A-Za-ln-z]|[()][A-Z0-9]|\][^\x07]*\x07)|[\x0e\x0f\r]")


@dataclass(frozen=True)
class Look:
    colour: str = INK
    bold: bool = False
    dim: bool = False

    def after(self, codes):
        look = self
        for code in [int(code or 0) for code in codes.split(";")]:
            if code == 0:
                look = Look()
            elif code == 1:
                look = replace(look, bold=True)
            elif code == 2:
                look = replace(look, dim=True)
            elif code == 22:
                look = replace(look, bold=False, dim=False)
            elif code == 39:
                look = replace(look, colour=INK)
            elif code in COLOURS:
                look = replace(look, colour=COLOURS[code])
        return look

    def attributes(self):
        weight = ' font-weight="700"' if self.bold else ""
        return f'fill="{FAINT if self.dim and self.colour == INK else self.colour}"{weight}'


def runs(line, look):
    """The line's pieces as (column, text, look), and the look that the next line begins with."""
    pieces, column, at = [], 0, 0
    for code in SGR.finditer(line):
        text = line[at : code.start()]
        pieces.append((column, text, look))
        column, at, look = column + len(text), code.end(), look.after(code.group(1))
    pieces.append((column, line[at:], look))
    return [piece for piece in pieces if piece[1].strip()], look


def words(column, text):
    """Pieces between wide gaps, each at its own column, so that no font can shift a table."""
    for piece in re.finditer(r"\S+(?: \S+)*", text):
        yield column + piece.start(), piece.group()


def draw(screen, title):
    lines = OTHER.sub("", screen).rstrip().split("\n")
    widest = max(len(SGR.sub("", line)) for line in lines)
    width = round(2 * MARGIN + widest * CELL)
    height = HEAD + len(lines) * LINE + MARGIN
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect x="0.5" y="0.5" width="{width - 1}" height="{height - 1}" rx="8" fill="{PAPER}" stroke="{EDGE}"/>',
        f'<g font-family="{FONT}" font-size="{SIZE}" xml:space="preserve">',
        f'<text x="{MARGIN}" y="{HEAD - 12}" fill="{FAINT}">$ {escape(title)}</text>',
    ]
    look = Look()
    for number, line in enumerate(lines):
        y = HEAD + (number + 1) * LINE - 6
        pieces, look = runs(line.rstrip(), look)
        for column, text, piece_look in pieces:
            for start, word in words(column, text):
                x, long = MARGIN + start * CELL, len(word) * CELL
                out.append(
                    f'<text x="{x:.1f}" y="{y}" textLength="{long:.1f}" lengthAdjust="spacingAndGlyphs" '
                    f"{piece_look.attributes()}>{escape(word)}</text>"
                )
    return "\n".join([*out, "</g>", "</svg>", ""])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--title", default="firstserve", help="the command, shown above the screen")
    sys.stdout.write(draw(sys.stdin.read(), parser.parse_args().title))


if __name__ == "__main__":
    main()
