"""The networks of the course, each a `flax.nnx.Module`, one kind a file."""

from course_utils.models.mlp import MLP, parameter_count
from course_utils.models.rnn import RNN, GRUCell, LSTMCell
from course_utils.models.transformer import GPT, GPTConfig, Transformer, TransformerClassifier, attention

__all__ = [
    "GPT",
    "MLP",
    "RNN",
    "GPTConfig",
    "GRUCell",
    "LSTMCell",
    "Transformer",
    "TransformerClassifier",
    "attention",
    "parameter_count",
]
