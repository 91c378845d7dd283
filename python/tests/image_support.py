"""A small model of the cookies for the tests of kernad.images, which a wheel built without images skips."""

from __future__ import annotations

import os
import warnings

import pytest

import kernad
from support import REPOSITORY

COOKIES = REPOSITORY / "data" / "cookies"
FILES = REPOSITORY / "components" / "images" / "tests" / "files"
BROKEN = str(COOKIES / "test" / "cracked" / "003.jpg")
SMALL = {"size": 128, "components": 16, "folds": 3}

try:
    from kernad import images
except ImportError as error:
    if os.environ.get("KERNAD_TEST_IMAGES") == "1":
        raise
    pytest.skip(str(error), allow_module_level=True)


def some_cookies(count: int = 12) -> list[str]:
    return images.training_images(COOKIES)[:count]


def small_model(**options: object) -> images.ImageModel:
    """Of twelve cookies, which are too few for the usual rate."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        return images.ImageModel(**SMALL | options).fit(some_cookies())
