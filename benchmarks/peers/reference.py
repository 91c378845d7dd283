"""Loads the reference from its source files: its package imports far more than these few files need."""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path
from typing import Any


def load(source: Path | None) -> types.ModuleType:
    """A module with the reference's GaussianKDE, PCA and KDEClassifier. Raises ImportError without a source."""
    if source is None:
        raise ImportError("--reference names no folder")
    components = types.ModuleType("anomalib.models.components")
    for package in (types.ModuleType("anomalib"), types.ModuleType("anomalib.models"), components):
        sys.modules.setdefault(package.__name__, package)

    def part(path: str, *names: str) -> None:
        name = "anomalib.models.components." + Path(path).stem
        spec = importlib.util.spec_from_file_location(name, source / "anomalib/models/components" / path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
        for wanted in names:
            setattr(components, wanted, getattr(module, wanted))

    part("base/dynamic_buffer.py", "DynamicBufferMixin")
    sys.modules["anomalib.models.components.base"] = components
    part("stats/kde.py", "GaussianKDE")
    part("dimensionality_reduction/pca.py", "PCA")
    part("classification/kde_classifier.py", "KDEClassifier")
    return components


def density(source: Path | None) -> Any:
    """An unfitted density of the reference."""
    return load(source).GaussianKDE()


def classifier(source: Path | None) -> Any:
    """An unfitted classifier of the reference, with its defaults."""
    return load(source).KDEClassifier()
