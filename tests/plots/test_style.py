from itertools import combinations

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from course_utils.plots import PALETTE
from course_utils.plots.style import MUTED, ink

# Linear-light matrices of G. M. Machado, M. M. Oliveira, L. A. F. Fernandes, "A Physiologically-based Model
# for Simulation of Color Vision Deficiency", 2009, at full severity.
SIGHT = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}


def linear(color):
    rgb = np.array(to_rgb(color))
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def contrast_on_white(color):
    return 1.05 / (linear(color) @ [0.2126, 0.7152, 0.0722] + 0.05)


def cielab(color, sight="normal"):
    rgb = np.clip(np.array(SIGHT[sight]) @ linear(color), 0, 1)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    white = to_xyz.sum(axis=1)
    t = to_xyz @ rgb / white
    f = np.where(t > 0.008856, np.cbrt(t), 7.787 * t + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


@pytest.mark.parametrize("sight", SIGHT)
def test_any_two_colours_stay_apart(sight):
    for one, other in combinations(PALETTE, 2):
        assert np.linalg.norm(cielab(one, sight) - cielab(other, sight)) > 22, (one, other)


def test_neighbours_differ_in_grey():
    lightness = [cielab(color)[0] for color in PALETTE]
    assert min(abs(np.diff(lightness))) > 15


def test_lines_and_text_have_enough_contrast():
    assert min(map(contrast_on_white, PALETTE)) > 2.9
    assert min(contrast_on_white(ink(color)) for color in PALETTE) > 4.5  # WCAG 2 AA for text
    assert contrast_on_white(MUTED) > 4.5


def test_each_line_has_a_colour_and_a_dash_of_its_own():
    _, axes = plt.subplots()
    lines = [axes.plot([0, 1], [0, k])[0] for k in range(len(PALETTE))]
    assert [line.get_color() for line in lines] == list(PALETTE)
    assert len({str(line._dash_pattern) for line in lines}) == len(PALETTE)


def test_size_in_pixels():
    figure = plt.figure()
    assert tuple(figure.get_size_inches() * figure.dpi) == (800, 450)
    assert matplotlib.rcParams["xtick.labelsize"] >= 10
