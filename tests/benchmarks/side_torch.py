"""PyTorch: the usual loop over a DataLoader, as D2 has it, and the same loop with the rows picked by index."""

import numpy as np
import torch
from cases import LAYERS, Case
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def network(case: Case) -> nn.Sequential:
    layers, channels, flat = [], case.inputs[-1], len(case.inputs) == 1
    for layer in LAYERS[case.network]:
        if layer[0] == "conv":
            layers += [nn.Conv2d(channels, layer[1], layer[2]), nn.ReLU()]
            channels = layer[1]
        elif layer[0] == "pool":
            layers.append(nn.MaxPool2d(2))
        else:
            layers += [*([] if flat else [nn.Flatten()]), nn.LazyLinear(layer[1]), nn.ReLU()]
            flat = True
    return nn.Sequential(*layers[:-1])


def weights(case: Case, arrays: dict[str, np.ndarray]) -> list[torch.Tensor]:
    """In PyTorch's layout: [out, in, rows, columns] and [out, in], images flattened channel by channel."""
    found, channels = [], None
    for i in range(sum(name.startswith("kernel") for name in arrays)):
        kernel = arrays[f"kernel{i}"]
        if kernel.ndim == 4:
            channels = kernel.shape[3]
            kernel = kernel.transpose(3, 2, 0, 1)
        else:
            if channels:
                side = round((kernel.shape[0] / channels) ** 0.5)
                kernel = kernel.reshape(side, side, channels, -1).transpose(2, 0, 1, 3).reshape(kernel.shape)
                channels = None
            kernel = kernel.T
        found.append(torch.tensor(kernel.copy()))
    return found


class Side:
    def __init__(self, case: Case, arrays: dict[str, np.ndarray], indexed: bool = False) -> None:
        self.case, self.indexed, self.order = case, indexed, torch.tensor(arrays["order"])
        x = arrays["x"]
        self.x = torch.tensor(x.transpose(0, 3, 1, 2).copy() if x.ndim == 4 else x)
        self.y = torch.tensor(arrays["y"]).long()
        self.weights = weights(case, arrays)
        self.model = network(case)
        self.model(self.x[:1])

    def reset(self) -> None:
        layers = [layer for layer in self.model if hasattr(layer, "weight")]
        with torch.no_grad():
            for layer, weight in zip(layers, self.weights, strict=True):
                layer.weight.copy_(weight)
                layer.bias.zero_()
        parameters = self.model.parameters()
        if self.case.optimizer == "adam":
            self.optimizer = torch.optim.Adam(parameters, lr=1e-3)
        else:
            self.optimizer = torch.optim.SGD(parameters, lr=1e-3, momentum=0.9)

    def batches(self, epoch: int):
        if self.indexed:
            return ((self.x[rows], self.y[rows]) for rows in self.order[epoch])
        rows = self.order[epoch].flatten().tolist()
        return DataLoader(TensorDataset(self.x, self.y), batch_size=self.case.batch, sampler=rows)

    def run(self) -> list[float]:
        criterion = nn.CrossEntropyLoss()
        means = []
        for epoch in range(self.case.epochs):
            total = 0.0
            for x, y in self.batches(epoch):
                self.optimizer.zero_grad()
                loss = criterion(self.model(x), y)
                loss.backward()
                self.optimizer.step()
                total += loss.item()
            means.append(total / self.case.steps)
        return means


def versions() -> dict[str, str]:
    return {
        "torch": torch.__version__,
        "torch threads": str(torch.get_num_threads()),
        "numpy": np.__version__,
    }
