"""What an image may be, and what is said of anything else."""

from __future__ import annotations

import io
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import kernad
from image_support import BROKEN, COOKIES, FILES, images, small_model, some_cookies

Image = pytest.importorskip("PIL.Image", reason="Pillow is not installed")


@pytest.fixture(scope="module")
def model() -> images.ImageModel:
    return small_model()


def surprisal(model: images.ImageModel, image: Any) -> float:
    return model.judge(image).surprisal


def test_a_path_and_its_pixels_have_the_same_bits(model) -> None:
    pixels = images.read_image(BROKEN)
    expected = surprisal(model, BROKEN)
    same = {
        "Path": Path(BROKEN),
        "Pillow": Image.open(BROKEN),
        "array": pixels,
        "not contiguous": np.asfortranarray(pixels),
        "a view": np.repeat(pixels, 2, axis=1)[:, ::2],
        "backwards": pixels[::-1].copy()[::-1],
        "alpha": np.dstack([pixels, np.arange(pixels[..., 0].size, dtype=np.uint8).reshape(pixels.shape[:2])]),
        "Pillow with alpha": Image.fromarray(pixels).convert("RGBA"),
        "floats": (pixels / np.float32(255)).astype(np.float32),
        "doubles": pixels / 255.0,
        "DLPack alone": type(
            "Dlpack", (), {"__dlpack__": pixels.__dlpack__, "__dlpack_device__": pixels.__dlpack_device__}
        )(),
    }
    for name, image in same.items():
        assert surprisal(model, image) == expected, name
    assert surprisal(model, pixels[..., ::-1]) != expected  # BGR is another image


# CMYK and floats are refused by path and by Pillow; Pillow reads the colours of 16 bits as 8.
READ = sorted(f.name for f in FILES.iterdir() if not re.match(r"cmyk|float|bomb|line_end|rgb16", f.name))


@pytest.mark.parametrize("name", READ)
def test_pillow_gives_the_same_bits_as_the_path(model, name) -> None:
    assert len(READ) > 20
    path = FILES / name
    opened = Image.open(path)
    assert surprisal(model, opened) == surprisal(model, path)
    pixels = images.read_image(path)
    assert pixels.dtype == (np.uint16 if "16" in name else np.uint8)
    assert surprisal(model, pixels) == surprisal(model, path)


def test_colours_of_16_bits_lose_half_of_them_in_pillow_and_that_is_said(model) -> None:
    path = FILES / "rgb16.png"
    with pytest.warns(kernad.DataWarning, match=r"rgb16\.png: Pillow reads 8 of the 16 bits") as caught:
        narrow = surprisal(model, Image.open(path))
    assert caught[0].message.code == "bits_dropped"
    assert Path(caught[0].filename).name == "test_image_inputs.py"
    assert narrow == pytest.approx(surprisal(model, path), rel=0.01)
    assert surprisal(model, images.read_image(path)) == surprisal(model, path)


def test_grey_images(model) -> None:
    grey = images.read_image(BROKEN)[..., 1]
    expected = surprisal(model, grey)
    deep = grey.astype(np.uint16) * 257
    same = [grey[..., None], np.dstack([grey] * 3), Image.fromarray(grey), Image.fromarray(grey).convert("LA")]
    for image in same:
        assert surprisal(model, image) == expected
    expected = surprisal(model, deep)
    for image in [deep.astype(">u2"), Image.fromarray(deep), Image.fromarray(deep.astype(np.int32))]:
        assert surprisal(model, image) == expected
    black = np.where(grey > 100, 255, 0).astype(np.uint8)
    assert surprisal(model, Image.fromarray(black > 0)) == surprisal(model, black)


def test_floats_between_the_steps_of_8_bits_are_taken_as_16(model) -> None:
    deep = np.random.default_rng(0).integers(0, 65536, (90, 70, 3), dtype=np.uint16)
    assert surprisal(model, deep / 65535) == surprisal(model, deep)
    assert surprisal(model, (deep / 65535).astype(np.float32)) == surprisal(model, deep)


def test_tensors(model) -> None:
    torch = pytest.importorskip("torch", reason="torch is not installed")
    pixels = images.read_image(BROKEN)
    expected = surprisal(model, BROKEN)
    tensor = torch.from_numpy(pixels).permute(2, 0, 1)
    for same in [tensor, tensor.contiguous(), tensor / 255, (tensor.double() / 255).requires_grad_()]:
        assert surprisal(model, same) == expected
    assert surprisal(model, tensor[1]) == surprisal(model, tensor[1:2]) == surprisal(model, pixels[..., 1])
    assert list(model.score_samples(torch.stack([tensor, tensor]))) == [-expected] * 2
    with pytest.raises(ValueError, match=r"image: its shape is \(512, 384, 3\).*permute\(2, 0, 1\)"):
        model.judge(torch.from_numpy(pixels))
    with pytest.raises(ValueError, match=r"image: floats from -.*; valid: floats in \[0, 1\], as before"):
        model.judge((tensor / 255 - 0.45) / 0.22)
    with pytest.raises(ValueError, match=r"images\[0\]: a tuple; .*without labels"):
        model.predict([(tensor, 0)])


def test_many_images_are_any_iterable(model) -> None:
    paths = some_cookies(5)
    expected = [-surprisal(model, path) for path in paths]
    stack = np.stack([images.read_image(path) for path in paths])
    for many in [
        paths,
        tuple(map(Path, paths)),
        (p for p in paths),
        np.array(paths),
        np.array(paths, dtype=object),
        stack,
    ]:
        assert list(model.score_samples(many)) == expected
    assert list(model.score_samples(paths[0])) == expected[:1]
    assert list(model.score_samples([])) == []
    pandas = pytest.importorskip("pandas", reason="pandas is not installed")
    assert list(model.score_samples(pandas.Series(paths))) == expected


def test_an_endless_iterable_is_not_read_ahead_of_its_verdicts(model) -> None:
    taken = []

    def camera() -> Any:
        for path in some_cookies() * 100:
            taken.append(path)
            yield path

    verdicts = model._each(camera())
    next(verdicts)
    verdicts.close()
    assert len(taken) <= 64


HEIGHT = np.zeros((8, 9), np.uint8)
WRONG: list[tuple[Any, str]] = [
    (None, "image: None"),
    (7, "image: a int"),
    (b"\x89PNG", "image: a bytes"),
    ([[0, 1], [2, 3]], "image: a list; valid: .*; judge_all takes many"),
    (np.zeros((9, 8, 2), np.uint8), r"image: its shape is \(9, 8, 2\); valid: a path, a PIL.Image, an array"),
    (np.zeros((3, 9, 8), np.uint8), r"\(3, 9, 8\).*transpose\(1, 2, 0\)"),
    (np.zeros(5, np.uint8), r"image: its shape is \(5,\)"),
    (np.zeros((1, 9, 8, 3), np.uint8), r"image: its shape is \(1, 9, 8, 3\)"),
    (np.zeros((0, 9), np.uint8), "image: has no pixels"),
    (HEIGHT.astype(bool), "image: pixels of bool; valid: uint8, uint16 or floats"),
    (HEIGHT.astype(np.int64), "image: pixels of int64; valid: uint8"),
    (HEIGHT.astype(complex), "image: pixels of complex128"),
    (HEIGHT + 255.0, r"image: floats from 255 to 255; valid: floats in \[0, 1\]"),
    (HEIGHT + np.nan, "image: floats from nan to nan"),
    (np.ma.masked_equal(HEIGHT, 0), "image: masked pixels"),
    (Image.new("CMYK", (8, 9)), "image: a PIL.Image of mode CMYK; valid: 1, L, LA"),
    (Image.new("F", (8, 9)), "image: a PIL.Image of mode F"),
    (Image.fromarray(np.full((8, 9), 70000, np.int32)), "image: pixels from 70000 to 70000; valid: 0 to 65535"),
    ("missing.png", "missing.png: No such file"),
    (str(FILES / "cmyk.jpg"), r"cmyk\.jpg: is a CMYK image"),
    (str(COOKIES), "cookies: is a folder, which only fit takes"),
]


@pytest.mark.parametrize(("image", "message"), WRONG)
def test_what_is_no_image_is_refused_with_what_would_be(model, image, message) -> None:
    with pytest.raises((ValueError, OSError), match=message):
        model.judge(image)
    if not isinstance(image, list) and image is not None and not isinstance(image, (bytes, int)):
        with pytest.raises((ValueError, OSError), match=message.replace("image:", r"images\[1\]:")):
            model.predict([BROKEN, image])
        with pytest.raises((ValueError, OSError), match=message.replace("image:", r"images\[1\]:")):
            images.ImageModel().fit([BROKEN, image, BROKEN])


def test_what_has_no_order_is_refused(model) -> None:
    for many in [{BROKEN}, {"a": BROKEN}, 3, None]:
        with pytest.raises(ValueError, match=r"images: .*; valid: images in an order"):
            model.predict(many)


@pytest.mark.parametrize("use", ["fit", "predict"])
def test_one_bad_image_among_many_is_named(model, tmp_path, use) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("Dear reader, this is no image.")
    cut = tmp_path / "cut.jpg"
    cut.write_bytes(Path(BROKEN).read_bytes()[:5000])
    call: Callable[..., Any] = getattr(model, use)
    with pytest.raises(kernad.ReadError, match=r"letter\.png: is no image that is read here; valid: PNG, JPEG"):
        call([*some_cookies(4), letter])
    with pytest.raises(kernad.ReadError, match=r"cut\.jpg: is truncated"):
        call([*some_cookies(4), cut])
    with pytest.raises(kernad.ReadError, match=r"cut\.jpg: Pillow cannot read it"):
        call([*some_cookies(4), Image.open(cut)])
    with pytest.raises(kernad.ReadError, match=r"images\[2\]: Pillow cannot read it"):
        call([*some_cookies(2), Image.open(io.BytesIO(cut.read_bytes()))])


def test_unreadable_images_are_left_out_if_asked_for(tmp_path) -> None:
    letter = tmp_path / "letter.png"
    letter.write_text("no image")
    model = images.ImageModel(size=128, components=16, folds=3, target_fpr=0.1)
    with pytest.warns(kernad.DataWarning, match=r"letter\.png: is no image") as caught:
        model.fit([*some_cookies(), letter], skip_unreadable=True)
    assert caught[0].message.code == "image_skipped"
    assert model.report().images == 12


def test_a_folder_is_fitted_as_the_command_line_does(tmp_path) -> None:
    for path in some_cookies(4):
        shutil.copy(path, tmp_path)
    (tmp_path / "notes.txt").write_text("not an image")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", kernad.FitWarning)
        model = images.ImageModel(size=128, components=16).fit(tmp_path)
    assert model.report().images == 4
    (tmp_path / "empty").mkdir()
    with pytest.raises(kernad.ReadError, match="empty: "):
        model.fit(tmp_path / "empty")
    with pytest.raises(kernad.ReadError, match="missing"):
        model.fit(tmp_path / "missing")
