"""The example scripts run on the data that is shipped."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from support import REPOSITORY


@pytest.mark.parametrize(("table", "at_least"), [("digits.csv", 0.99), ("breast_cancer.csv", 0.95)])
def test_features_to_plot(tmp_path, table, at_least) -> None:
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    script = REPOSITORY / "python" / "examples" / "features_to_plot.py"
    printed = subprocess.run(
        [sys.executable, script, REPOSITORY / "data" / table, "--out", tmp_path / "plot.png"],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"MPLCONFIGDIR": str(tmp_path)},
    ).stdout
    area = re.search(r"AUROC ([0-9.]+)", printed)
    assert area is not None
    assert float(area.group(1)) > at_least
    assert (tmp_path / "plot.png").stat().st_size > 10_000
