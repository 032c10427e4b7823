"""What every test shares: signatures are checked, and hypothesis runs the same examples each time."""

from hypothesis import settings
from jaxtyping import install_import_hook

# The numeric tower: an int is welcome where a float is annotated, as in Python's own typing.
install_import_hook("course_utils", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")

# Derandomised: a test that passes once passes again on the same code, on every machine.
settings.register_profile("course", derandomize=True, deadline=None, max_examples=60)
settings.load_profile("course")
