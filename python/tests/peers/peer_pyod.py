"""PyOD's own tests of its KDE (pyod/test/test_kde.py) on kernad.pyod.KDE."""

from __future__ import annotations

import pyod.models.kde

from kernad.pyod import KDE

pyod.models.kde.KDE = KDE
