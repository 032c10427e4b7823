"""The networks of the course, each a `flax.nnx.Module`, one kind a file."""

from course_utils.models.cnn import DigitNet, LeNet
from course_utils.models.convolution import Conv, max_pool
from course_utils.models.gnn import GCN, normalised
from course_utils.models.mlp import MLP, parameter_count
from course_utils.models.rnn import RNN, GRUCell, LSTMCell
from course_utils.models.transformer import GPT, GPTConfig, Transformer, TransformerClassifier, attention
from course_utils.models.word_vectors import SkipGram, nearest, skip_gram_rows

__all__ = [
    "GCN",
    "GPT",
    "MLP",
    "RNN",
    "Conv",
    "DigitNet",
    "GPTConfig",
    "GRUCell",
    "LSTMCell",
    "LeNet",
    "SkipGram",
    "Transformer",
    "TransformerClassifier",
    "attention",
    "max_pool",
    "nearest",
    "normalised",
    "parameter_count",
    "skip_gram_rows",
]
