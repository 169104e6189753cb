"""Figures as PNG files: drawn without a screen, reproducible to the byte, and written atomically.

    with charts.page(Path("lengths.png"), 1, 2, (10, 4)) as (figure, axes):
        axes[0][0].bar(...)
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from common.jsonl import write_atomically

DOTS_PER_INCH = 110


@contextmanager
def page(path: Path, rows: int, columns: int, inches: tuple[float, float], **options: Any) -> Iterator[tuple[Any, Any]]:
    """Yield (matplotlib figure, its axes as an array [rows, columns]) to draw on, and save it; `options` are those of Figure.subplots.

    Raises UserError where the file cannot be written.
    """
    from matplotlib.figure import Figure  # pyplot would look for a screen, and keep every figure

    figure = Figure(inches, layout="constrained")
    yield figure, figure.subplots(rows, columns, squeeze=False, **options)
    drawn = BytesIO()
    figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})  # without matplotlib's version
    write_atomically(path, drawn.getvalue())
