"""What every metric demands of its arrays, said in one place."""

import numpy as np
from jaxtyping import Bool, Integer

Labels = Integer[np.ndarray, " n"] | Bool[np.ndarray, " n"]


def check_lengths(y: np.ndarray, values: np.ndarray, name: str) -> None:
    """Refuse no examples, and arrays that do not hold one entry for each."""
    if y.ndim != 1 or values.ndim == 0 or len(y) != len(values):
        raise ValueError(
            f"y and {name} need one entry for each example, got shapes {y.shape} and {values.shape}: "
            "check that both come from the same split."
        )
    if y.size == 0:
        raise ValueError(f"y and {name} hold no examples, and a mean over none is undefined: fill the split.")


def checked_labels(labels: np.ndarray, name: str) -> np.ndarray:
    """Return labels as int64 after refusing anything but 0, 1, 2, …."""
    labels = np.asarray(labels)
    if labels.dtype.kind not in "iub":
        raise ValueError(
            f"{name} holds whole-number labels, got dtype {labels.dtype}: turn scores into labels with "
            "argmax or a threshold, and names into numbers with np.unique(names, return_inverse=True)."
        )
    if labels.size and labels.min() < 0:
        raise ValueError(
            f"{name} holds labels 0, 1, 2, …, got {labels.min()}: "
            "number the classes with np.unique(labels, return_inverse=True)."
        )
    return labels.astype(np.int64)


def checked_pair(y: np.ndarray, prediction: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return true and predicted labels, of one length."""
    y, prediction = checked_labels(y, "y"), checked_labels(prediction, "prediction")
    check_lengths(y, prediction, "prediction")
    if prediction.ndim != 1:
        raise ValueError(
            f"prediction holds one label for each example, got shape {prediction.shape}: "
            "take argmax(axis=-1) of scores."
        )
    return y, prediction


def checked_binary(y: np.ndarray, score: np.ndarray, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return labels that are 0 or 1, and one finite float64 for each."""
    y, score = checked_labels(y, "y"), np.asarray(score, dtype=np.float64)
    check_lengths(y, score, name)
    if score.ndim != 1:
        raise ValueError(
            f"{name} holds one number for each example, got shape {score.shape}: "
            "take the column of class 1, for example [:, 1]."
        )
    if y.max() > 1:
        raise ValueError(
            f"y holds the labels 0 and 1 here, got {y.max()}: compare one class with the rest, y == k."
        )
    if not np.isfinite(score).all():
        raise ValueError(
            f"{name} holds finite numbers, got {np.sum(~np.isfinite(score))} that are NaN or infinite: "
            "look for the step that made them."
        )
    return y, score


def checked_probability(probability: np.ndarray, name: str = "probability") -> np.ndarray:
    """Return probabilities as float64 after refusing NaN and anything outside [0, 1]."""
    probability = np.asarray(probability, dtype=np.float64)
    outside = ~((probability >= 0) & (probability <= 1))  # NaN fails both comparisons
    if outside.any():
        raise ValueError(
            f"{name} lies in [0, 1], got {probability[outside][0]}: "
            "apply a sigmoid or softmax to logits, and look for NaN in the model."
        )
    return probability
