"""Figures as PNG files: drawn without a screen, the same bytes for the same data, never half a file.

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
    """Yield (matplotlib figure, its axes as an array [rows, columns]) to draw on, and save it; `options` are those of pyplot.subplots.

    Raises UserError where the file cannot be written.
    """
    import matplotlib

    matplotlib.use("Agg")  # no window: stages run on machines without a screen
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(rows, columns, figsize=inches, squeeze=False, layout="constrained", **options)
    try:
        yield figure, axes
        drawn = BytesIO()
        figure.savefig(drawn, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})  # without matplotlib's version
        write_atomically(path, drawn.getvalue())
    finally:
        pyplot.close(figure)
