"""The options of the classifier: keyword values to the texts of the core's table, and back.

The core has one table of options (``_core.estimator_options()``); names, defaults and what is valid come from it. Here
stands only what type an option has in Python.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar, overload

import numpy as np

from kernad import _core
from kernad._calls import whole_number
from kernad._types import FeatureScalingMethod

Value = TypeVar("Value")


class _Kind(NamedTuple):
    """An option's type: converts a keyword's value to the core's text, and that text to the value."""

    text: Callable[[Any, str], str]
    value: Callable[[str], Any]


def _real(value: Any, name: str, what: str = "a number") -> str:
    try:
        return repr(float(value))
    except (TypeError, ValueError):
        raise TypeError(f"{name} is {value!r}; {what} is needed") from None


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            return kind(text)
        except ValueError:
            pass
    return text


def _count(least: int, most: int) -> Callable[[Any, str], str]:
    return lambda value, name: str(whole_number(value, name, least, most))


def _components(value: Any, name: str) -> str:
    what = "a count, a share of variance, or 'all'"
    if value is None or (isinstance(value, str) and value == "all"):
        return "all"
    if isinstance(value, bool):
        raise TypeError(f"{name} is {value!r}; {what} is needed")
    try:
        return str(whole_number(value, name, -(2**63)))
    except TypeError:
        return _real(value, name, what)


def _bandwidth(value: Any, name: str) -> str:
    if isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; a number or the name of a rule is needed")
    return value if isinstance(value, str) else _real(value, name, "a number or the name of a rule")


def _bandwidth_value(text: str) -> float | str:
    number = _number(text)
    return number if isinstance(number, str) else float(number)


def _name(value: Any, name: str) -> str:
    if isinstance(value, Enum):  # also an enum of anomalib's, which has the same values
        value = value.value
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}; a name is needed")
    return value


def is_true(value: Any, name: str) -> bool:
    """The value as a bool. Raises TypeError for any other type, since a text such as "no" would count as true."""
    if not isinstance(value, (bool, np.bool_)):
        raise TypeError(f"{name} is {value!r}; True or False is needed")
    return bool(value)


def _bool(value: Any, name: str) -> str:
    return "true" if is_true(value, name) else "false"


_FLAG = _Kind(_bool, lambda text: text == "true")
_KINDS = {
    "n_pca_components": _Kind(_components, _number),
    "standardize": _FLAG,
    "bandwidth": _Kind(_bandwidth, _bandwidth_value),
    "covariance": _Kind(_name, str),
    "local_alpha": _Kind(_real, float),
    "feature_scaling_method": _Kind(_name, FeatureScalingMethod),
    "all_rows": _FLAG,
    "auto": _FLAG,
    "max_training_points": _Kind(_count(2, 2**63 - 1), int),
    "seed": _Kind(_count(0, 2**64 - 1), int),
}

DEFAULTS: dict[str, str] = {row["key"]: row["default"] for row in _core.estimator_options()}
"""Each option's default as the core's text, in the table's order."""


def to_texts(values: Mapping[str, Any]) -> dict[str, str]:
    """The core's texts of values by key; options that are not given keep their defaults.

    Raises:
        TypeError: a value of the wrong type.
        ValueError: a whole number out of range; other values are checked by the core (InvalidParameter).
    """
    return {key: _KINDS[key].text(value, key) for key, value in values.items()}


def to_values(texts: Mapping[str, str]) -> dict[str, Any]:
    """The Python values of the core's texts."""
    return {key: _KINDS[key].value(text) for key, text in texts.items()}


def attributes_of(estimator: Any) -> dict[str, Any]:
    """The options that an adapter keeps as attributes under the table's keys."""
    return {key: getattr(estimator, key) for key in DEFAULTS if hasattr(estimator, key)}


def with_components_for(rows: int, columns: int, options: Mapping[str, Any]) -> tuple[dict[str, Any], int | None]:
    """The options for a fit of so few rows, which the core would refuse, with all components that they have.

    Returns:
        The options, and the number of components that was asked for if fewer will be kept.
    """
    wanted = _components(options["n_pca_components"], "n_pca_components")
    rows = min(rows, whole_number(options["max_training_points"], "max_training_points", 2))
    if options["auto"] or not wanted.isdigit() or rows >= min(int(wanted), columns):
        return dict(options), None
    return {**options, "n_pca_components": "all"}, int(wanted)


def shown(texts: Mapping[str, str]) -> dict[str, Any]:
    """The options shown by ``repr``: the reference's, and kernad's own if they differ from the default."""
    always = ("n_pca_components", "feature_scaling_method", "max_training_points", "seed")
    keys = [*always, *(key for key, text in texts.items() if key not in always and text != DEFAULTS[key])]
    return to_values({key: texts[key] for key in keys})


class Option(Generic[Value]):
    """An attribute that is one of the options, as given or loaded; ``_core`` of its owner has it."""

    def __init__(self, doc: str) -> None:
        self.__doc__ = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self._key = name

    @overload
    def __get__(self, instance: None, owner: type) -> Option[Value]: ...
    @overload
    def __get__(self, instance: Any, owner: type) -> Value: ...
    def __get__(self, instance: Any, owner: type) -> Option[Value] | Value:
        if instance is None:
            return self
        value: Value = _KINDS[self._key].value(instance._core.options()[self._key])
        return value

    def __set__(self, instance: Any, value: object) -> None:
        raise AttributeError(f"{self._key} is set when the {type(instance).__name__} is made")
