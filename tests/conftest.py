"""What every test shares: shapes in signatures are checked, and hypothesis runs the same examples each time."""

from hypothesis import settings
from jaxtyping import install_import_hook

install_import_hook("course_utils", "beartype.beartype")

# Derandomised: a test that passes once passes again on the same code, on every machine.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("course")
