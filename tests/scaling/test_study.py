import string

import jax
import numpy as np
import pytest
from flax import nnx

from course_utils.data import CodeCorpus, Provenance
from course_utils.models import GPT
from course_utils.models.counting import count_arrays, transformer_parameters
from course_utils.scaling import study

TEXT = (string.printable * 60)[:5000]
CORPUS = CodeCorpus(TEXT, TEXT[::-1], TEXT, Provenance("letters", "made here", "CC0-1.0", generated=True))
STEP = study.BATCH * study.CONTEXT


def test_printable_characters_have_numbers_of_their_own():
    kept = "".join(chr(code) for code in range(32, 127)) + "\n"
    numbers = study.characters(kept)
    assert sorted(numbers) == list(range(96))
    assert study.characters("\té\U0001f600").tolist() == [study.VOCABULARY - 1] * 3


def test_windows_are_the_text_in_order():
    rows = study.windows(TEXT)
    assert rows.x.ravel().tolist() == study.characters(TEXT)[: rows.x.size].tolist()
    assert rows.y.ravel().tolist() == study.characters(TEXT)[1 : rows.x.size + 1].tolist()
    with pytest.raises(ValueError, match="at least 65 characters, got 64"):
        study.windows(TEXT[:64])


def test_parameters_of_a_width_are_counted_arrays():
    counted = count_arrays(lambda: GPT(study.shape(24), rngs=nnx.Rngs(0)))
    assert transformer_parameters(study.shape(24)) == counted == 18_360


@pytest.mark.parametrize(
    ("width", "message"), [(-8, "width must be a positive"), (7, "2 heads cannot share")]
)
def test_a_width_that_is_none_is_refused(width, message):
    with pytest.raises(ValueError, match=message):
        study.train(width, STEP, key=jax.random.key(0), corpus=CORPUS)


def test_a_run_learns_counts_its_passes_and_repeats_itself():
    runs = [
        study.train(8, 12 * STEP, key=jax.random.key(1), unique=4 * STEP, corpus=CORPUS)[1] for _ in range(2)
    ]
    losses = runs[0].history["val_loss"]
    assert len(losses) == 3
    assert len(runs[0].step_loss) == 12
    assert losses[-1] < losses[0] < np.log(study.VOCABULARY) + 0.1
    assert runs[1].history["val_loss"].tolist() == losses.tolist()


@pytest.mark.parametrize(
    ("tokens", "unique", "message"),
    [
        (STEP + 1, None, "a run reads whole batches"),
        (0, None, "a run reads whole batches"),
        (5 * STEP, 2 * STEP, "a multiple of unique"),
        (20 * STEP, None, r"the corpus has 4992 characters to learn from, got unique=5120"),
    ],
)
def test_a_budget_that_does_not_fit_is_refused(tokens, unique, message):
    with pytest.raises(ValueError, match=message):
        study.train(8, tokens, key=jax.random.key(0), unique=unique, corpus=CORPUS)
