"""Up to a million reference points and a million queries: time and memory must grow only as the work does."""

from __future__ import annotations

from argparse import Namespace

import fresh
from report import Column, Table

DIMENSION = 16
FEW = 10_000


def _sizes(options: Namespace) -> list[tuple[str, int, int]]:
    """Kind of data, references, queries."""
    if options.quick:
        return [("isotropic", n, m) for n, m in ((1000, 1000), (10_000, 1000), (1000, 10_000))]
    many = (10_000, 30_000, 100_000, 300_000, 1_000_000)
    sizes = [(kind, n, FEW) for kind in ("isotropic", "clusters") for n in many]
    sizes += [(kind, FEW, m) for kind in ("isotropic", "clusters") for m in many[1:]]
    million = ("clusters", 1_000_000, 1_000_000)
    return [*sizes, million, ("isotropic", *million[1:])] if options.full else [*sizes, million]


def tables(options: Namespace) -> list[Table]:
    """One."""
    rows = []
    for kind, n, m in _sizes(options):
        found = fresh.run("scale", rows=n, queries=m, dimension=DIMENSION, kind=kind)
        pairs = n * m / found["score_seconds"] / 1e9
        rows.append({"kind": kind, "rows": n, "queries": m, **found, "pairs": pairs})
    columns = [
        Column("kind", "data"), Column("rows", "N", "{:,}"), Column("queries", "M", "{:,}"),
        Column("fit_seconds", "fit, s", "{:.3f}"), Column("fit_mebibytes", "fit, MiB", "{:.1f}"),
        Column("score_seconds", "score, s", "{:.3f}"), Column("score_mebibytes", "score, MiB", "{:.1f}"),
        Column("pairs", "1e9 pairs/s", "{:.2f}"), Column("error", "largest error, nats", "{:.1e}"),
    ]  # fmt: skip
    note = "MiB beyond the input; what a fit keeps is in it. Clusters: 200 of them. One run each."
    if not options.full:
        note += " The million by million of isotropic data is run by --full."
    title = f"Scale: d = {DIMENSION}, {options.threads} threads"
    return [Table("scale", title, columns, rows, [note])]
