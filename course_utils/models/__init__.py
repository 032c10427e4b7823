"""The networks of the course, each a `flax.nnx.Module`, one kind a file."""

from course_utils.models.mlp import MLP, parameter_count

__all__ = ["MLP", "parameter_count"]
