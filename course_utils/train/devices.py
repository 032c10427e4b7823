"""Where the arrays of a run lie: on one device, on a mesh, on the devices of several processes."""

from typing import Any

import jax
import numpy as np
from jax.sharding import AxisType, Mesh, NamedSharding, PartitionSpec


class Devices:
    """Data parallel: every device holds the whole state and computes its share of each batch.

    XLA adds up the gradients, and BatchNorm sees the whole batch: the result is that of one device but for
    the order of additions.
    """

    def __init__(self, mesh: Mesh | None) -> None:
        """Those of ``mesh``; else the default device, or with several processes all devices of all."""
        if mesh is None and jax.process_count() > 1:
            mesh = Mesh(np.array(jax.devices()), ("data",))
        # The steps leave the sharding of what lies between to XLA, also on a mesh whose axes are explicit.
        self.mesh = mesh and Mesh(
            mesh.devices, mesh.axis_names, axis_types=(AxisType.Auto,) * len(mesh.axis_names)
        )

    def refuse_batch(self, batch: int) -> None:
        """Raise ``ValueError`` unless the devices can share a batch evenly."""
        if self.mesh and batch % self.mesh.size:
            raise ValueError(
                f"batch_size={batch} cannot be shared evenly by {self.mesh.size} devices: "
                f"give a multiple of {self.mesh.size}."
            )

    def everywhere(self, tree: Any) -> Any:
        """Arrays, the same in each process, on every device."""
        return self._put(tree, PartitionSpec())

    def shared(self, order: np.ndarray) -> Any:
        """Row numbers ``[steps, batch]``, each device with its share of every batch."""
        return self._put(order, PartitionSpec(None, self.mesh.axis_names)) if self.mesh else order

    def back(self, tree: Any) -> Any:
        """Arrays that lie everywhere, on one device of this process."""
        return jax.tree.map(lambda array: array.addressable_data(0), tree) if self.mesh else tree

    def agreed(self, wish: bool) -> bool:
        """Whether any process wishes it; all get the same answer."""
        if jax.process_count() == 1:
            return wish
        from jax.experimental import multihost_utils

        return bool(np.any(multihost_utils.process_allgather(np.array(wish))))

    def _put(self, tree: Any, spec: PartitionSpec) -> Any:
        sharding = NamedSharding(self.mesh, spec) if self.mesh else None
        if jax.process_count() == 1:
            return jax.device_put(tree, sharding)
        return jax.tree.map(lambda array: _across_processes(array, sharding), tree)


def _across_processes(array: Any, sharding: Any) -> jax.Array:
    """One array of all processes, each of which holds all of it and gives what its devices need."""
    if jax.dtypes.issubdtype(array.dtype, jax.dtypes.prng_key):
        words = _across_processes(jax.random.key_data(array), sharding)
        return jax.random.wrap_key_data(words, impl=jax.random.key_impl(array))
    host = np.asarray(array)
    return jax.make_array_from_callback(host.shape, sharding, lambda index: host[index])
