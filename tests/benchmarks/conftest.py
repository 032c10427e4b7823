"""The files here run as scripts beside one another; their test imports them the same way."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

# These need the peers' environment.
collect_ignore = ["side_torch.py", "side_keras.py"]
