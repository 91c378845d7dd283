"""PyOD's own tests of saving and loading (pyod/test/test_persistence.py), with kernad.pyod.KDE in the place of ECOD.

What is about trees of old versions of scikit-learn stays with PyOD's forest.
"""

from __future__ import annotations

import pyod.models.ecod

from kernad.pyod import KDE

pyod.models.ecod.ECOD = KDE
