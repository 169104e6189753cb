"""For the modules that still say `reading`; goes when they are merged."""

from common.dialect.values import from_expr, literal  # noqa: F401
