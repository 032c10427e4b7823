import inspect

import numpy as np
import pytest
import skimage.data
from sklearn import datasets

from course_utils.data import digits, faces, images, overlap, photograph

NAMES = sorted(images._SKIMAGE | images._SKLEARN)


@pytest.mark.parametrize("name", NAMES)
def test_every_photograph_is_colour_from_0_to_1_and_has_a_maker(name):
    image = photograph(name)
    assert image.pixels.dtype == np.float32
    assert image.pixels.ndim == 3
    assert image.pixels.shape[2] == 3
    assert 0 <= image.pixels.min() < image.pixels.max() <= 1
    assert image.pixels.max() > 0.4  # divided by 255 once, not twice
    assert image.provenance.name == name
    assert "shipped by scikit-" in image.provenance.source


def test_pixels_are_the_packages():
    np.testing.assert_allclose(photograph("astronaut").pixels * 255, skimage.data.astronaut(), atol=1e-4)
    np.testing.assert_allclose(
        photograph("china").pixels * 255, datasets.load_sample_image("china.jpg"), atol=1e-4
    )


def test_grey_becomes_three_equal_channels():
    pixels = photograph("camera").pixels
    assert pixels.shape == (512, 512, 3)
    np.testing.assert_array_equal(pixels[..., 0], pixels[..., 2])


def test_an_unknown_photograph_is_answered_with_the_known_ones():
    with pytest.raises(ValueError, match=r"knows astronaut, brick, .*rocket; got 'lenna'"):
        photograph("lenna")


def test_docstring_lists_every_name():
    assert all(name in inspect.getdoc(photograph) for name in NAMES)


@pytest.mark.parametrize(("load", "classes"), [(digits, 10), (faces, 2)])
def test_classes_are_shared_out_and_images_not(load, classes):
    data = load(np.random.default_rng(3))
    assert data.provenance.licence
    whole = np.concatenate([data.train.y, data.val.y, data.test.y])
    for split, share in ((data.train, 0.6), (data.val, 0.2), (data.test, 0.2)):
        counts = np.bincount(split.y, minlength=classes)
        assert np.abs(counts - share * np.bincount(whole)).max() < 1
        assert split.x.min() >= 0
        assert split.x.max() <= 1
    assert overlap(data.train.x, data.test.x) == 0


def test_digits_keep_their_label():
    bunch = datasets.load_digits()
    known = {
        image.astype(np.float32).tobytes(): label
        for image, label in zip(bunch.images, bunch.target, strict=True)
    }
    test = digits(np.random.default_rng(0)).test
    assert [known[(image * 16).tobytes()] for image in test.x] == test.y.tolist()


def test_faces_keep_their_label():
    face = {patch.astype(np.float32).tobytes() for patch in skimage.data.lfw_subset()[:100]}
    train = faces(np.random.default_rng(0)).train
    assert [image.tobytes() in face for image in train.x] == train.y.astype(bool).tolist()
