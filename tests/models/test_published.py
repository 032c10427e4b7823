"""The counts are those that other implementations of the same papers report."""

import pytest
from flax import nnx

from course_utils.ledger import bibliography
from course_utils.models import GPT, GPTConfig
from course_utils.models.counting import count_arrays, transformer_parameters
from course_utils.models.published import PUBLISHED, multiply_adds

# torchvision: VGG-16, ResNet-50. Hugging Face transformers: GPT-1, BERT, GPT-2. LeNet-5 and AlexNet: the
# papers' own layer tables.
KNOWN = {
    "LeNet-5": 60_000,
    "AlexNet": 60_965_224,
    "VGG-16": 138_357_544,
    "ResNet-50": 25_557_032,
    "GPT-1": 116_534_784,
    "BERT-base": 109_482_240,
    "BERT-large": 335_141_888,
    "GPT-2 small": 124_439_808,
    "GPT-2 medium": 354_823_168,
    "GPT-2 large": 774_030_080,
    "GPT-2 XL": 1_557_611_200,
    "GPT-3": 174_604_259_328,
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_count_is_the_known_one(name):
    assert PUBLISHED[name].parameters == KNOWN[name]


@pytest.mark.parametrize("name", PUBLISHED)
def test_the_papers_figure_is_near_and_the_paper_is_in_the_bibliography(name):
    network = PUBLISHED[name]
    assert network.key in bibliography()
    if network.stated is not None:
        assert network.stated == pytest.approx(network.parameters, rel=0.07)


@pytest.mark.parametrize(
    ("name", "width", "layers", "heads", "context"),
    [
        ("GPT-2 small", 768, 12, 12, 1024),
        ("GPT-2 XL", 1600, 48, 25, 1024),
        ("GPT-3", 12288, 96, 96, 2048),
    ],
)
def test_gpt_of_this_course_has_the_published_size(name, width, layers, heads, context):
    config = GPTConfig(vocabulary=50257, context=context, width=width, layers=layers, heads=heads)
    assert transformer_parameters(config) == PUBLISHED[name].parameters
    if name == "GPT-2 small":  # the others differ in the numbers alone, and take long to trace
        assert count_arrays(lambda: GPT(config, rngs=nnx.Rngs(0))) == PUBLISHED[name].parameters


def test_multiply_adds_are_the_known_ones():
    assert multiply_adds("ResNet-50") / 1e9 == pytest.approx(3.8, rel=0.02)  # He et al., table 1
    assert multiply_adds("VGG-16") / 1e9 == pytest.approx(15.47, rel=0.001)
    assert multiply_adds("AlexNet") / 1e6 == pytest.approx(724.4, rel=0.001)
    with pytest.raises(ValueError, match=r"knows AlexNet, VGG-16, ResNet-50, got 'GPT-3'"):
        multiply_adds("GPT-3")
