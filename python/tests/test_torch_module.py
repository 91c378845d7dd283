"""The torch module under torch's tools: those that cannot work say what does, and nothing outlives it."""

from __future__ import annotations

import copy
import gc
import weakref
from collections.abc import Callable
from typing import Any

import pytest

import kernad
from support import make_rows

torch = pytest.importorskip("torch", reason="torch is not installed")

from kernad import torch as kernad_torch  # noqa: E402


def fitted(**options: Any) -> Any:
    module = kernad_torch.KDEClassifier(**(options or {"n_pca_components": 6}))
    assert module.fit(rows())
    return module


def rows() -> Any:
    return torch.tensor(make_rows(60))


WORKS = "torch.export.export and torch.jit.trace record the module"


@pytest.mark.parametrize("behind", [False, True])
def test_tools_that_read_source_are_refused(behind: bool) -> None:
    module = torch.nn.Sequential(torch.nn.Linear(24, 24), fitted()) if behind else fitted()
    with pytest.raises(kernad.InvalidInput, match=f"^features: a Proxy of torch.fx, which has no values; {WORKS}"):
        torch.fx.symbolic_trace(module)
    with pytest.raises(TypeError, match=f"^torch.jit.script cannot compile a KDEClassifier of kernad; {WORKS}"):
        torch.jit.script(module)
    expected = module(rows()).detach()
    torch.testing.assert_close(torch.jit.trace(module, rows()[:3])(rows()).detach(), expected, atol=1e-6, rtol=0)
    program = torch.export.export(module, (rows(),))
    torch.testing.assert_close(program.module()(rows()).detach(), expected, atol=1e-6, rtol=0)


def on_meta() -> Any:
    with torch.device("meta"):
        return kernad_torch.KDEClassifier(6)


FILLED: dict[str, Callable[[Any], Any]] = {
    "fit": lambda module: module.fit(rows()),
    "load": lambda module: module.load_state_dict(fitted().state_dict()),
}


@pytest.mark.filterwarnings("ignore:.*is a no-op")
@pytest.mark.parametrize("how", FILLED)
@pytest.mark.parametrize("make", [on_meta, lambda: kernad_torch.KDEClassifier(6).to("meta")], ids=["made", "moved"])
def test_no_model_comes_to_the_meta_device(how: str, make: Any) -> None:
    expected = fitted()(rows())
    with pytest.raises(kernad.InvalidInput, match=r"^the module is on the meta device") as caught:
        FILLED[how](make())
    assert "to_empty(device='cpu')" in str(caught.value)
    assert "assign=True" in str(caught.value)
    module = make().to_empty(device="cpu")  # as the message says
    FILLED[how](module)
    assert torch.equal(module(rows()), expected)
    module = make()
    module.load_state_dict(fitted().state_dict(), assign=True)
    assert torch.equal(module(rows()), expected)


def test_changes_of_buffers() -> None:
    module = fitted(auto=True)
    module.calibrate(rows(), folds=5, target_fpr=0.1)
    other = copy.deepcopy(module)
    before = module.compute_kde_scores(rows(), True)
    with torch.no_grad():
        other.pca_model.mean.add_(0.3)  # counted by torch
    moved = other.compute_kde_scores(rows(), True)
    assert not torch.equal(before, moved)
    module.pca_model.mean.data.add_(0.3)
    module.refresh()
    assert torch.equal(module.compute_kde_scores(rows(), True), moved)
    knots = module.get_buffer("committee.first_tail_knots").clone()
    module.get_buffer("committee.first_tail").numpy()[:] += 3
    module.refresh()
    torch.testing.assert_close(module.get_buffer("committee.first_tail_knots"), knots + 3)
    kernad_torch.KDEClassifier().refresh()


def test_a_module_is_in_no_cycle() -> None:
    """Its models end with it, and are not left to a collector that an interpreter at its end no longer runs."""
    gc.collect()
    gc.disable()
    try:
        module = fitted()
        module.calibrate(rows(), target_fpr=0.1)
        module.predict_labels(rows())
        module(rows().requires_grad_())
        kept = [weakref.ref(module), weakref.ref(module.classifier())]
        del module
        assert [reference() for reference in kept] == [None, None]
    finally:
        gc.enable()
