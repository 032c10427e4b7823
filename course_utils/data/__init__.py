"""Data sets with their provenance, and splits that do not leak; one file a kind."""

from course_utils.data.cache import DownloadError, online
from course_utils.data.cifar10 import CIFAR10_CLASSES, cifar10
from course_utils.data.code_corpus import CodeCorpus, Text, load_code_corpus, standard_library
from course_utils.data.dataset import Dataset, Provenance, Split, split_arrays
from course_utils.data.generators import best_possible_accuracy, class_probability, two_class_table
from course_utils.data.images import Photograph, digits, faces, photograph
from course_utils.data.scaling import Standardizer
from course_utils.data.splits import chronological, overlap, split_rows
from course_utils.data.tables import Table, load_table

__all__ = [
    "CIFAR10_CLASSES",
    "CodeCorpus",
    "Dataset",
    "DownloadError",
    "Photograph",
    "Provenance",
    "Split",
    "Standardizer",
    "Table",
    "Text",
    "best_possible_accuracy",
    "chronological",
    "cifar10",
    "class_probability",
    "digits",
    "faces",
    "load_code_corpus",
    "load_table",
    "online",
    "overlap",
    "photograph",
    "split_arrays",
    "split_rows",
    "standard_library",
    "two_class_table",
]
