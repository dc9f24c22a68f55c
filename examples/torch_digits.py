"""Train one small network on scikit-learn's digits with several activations of actfn.torch.

    python examples/torch_digits.py

The three learnt ones (swish, prelu, maxout) have their parameters trained along with the weights.
"""

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn

import actfn.torch as A

HIDDEN, EPOCHS, BATCH = 64, 20, 64
LAYERS = {
    "relu": lambda: [nn.Linear(HIDDEN, HIDDEN), A.ReLU()],
    "mish": lambda: [nn.Linear(HIDDEN, HIDDEN), A.Mish()],
    "swish": lambda: [nn.Linear(HIDDEN, HIDDEN), A.Swish(num_parameters=HIDDEN)],
    "prelu": lambda: [nn.Linear(HIDDEN, HIDDEN), A.PReLU(HIDDEN)],
    "maxout": lambda: [A.Maxout(HIDDEN, HIDDEN, pieces=2)],
}


def network(name: str) -> nn.Sequential:
    """Return 64 pixels to 10 classes, with two hidden layers; weights start with the activation's own gain."""
    model = nn.Sequential(*LAYERS[name](), *LAYERS[name](), nn.Linear(HIDDEN, 10), A.LogSoftmax(dim=1))
    for layer in model.modules():
        if isinstance(layer, nn.Linear) and name in ("relu", "mish"):
            A.init.kaiming_normal_(layer.weight, name)
    return model


def main() -> None:
    """Train each network and print its accuracy on the test set."""
    digits = load_digits()
    split = train_test_split(digits.data / 8 - 1, digits.target, test_size=0.25, random_state=0, stratify=digits.target)
    x, x_test, y, y_test = map(torch.as_tensor, split)
    x, x_test = x.float(), x_test.float()
    for name in LAYERS:
        torch.manual_seed(0)
        model = network(name)
        optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
        for _ in range(EPOCHS):
            for batch in torch.randperm(len(x)).split(BATCH):
                optimizer.zero_grad()
                nn.functional.nll_loss(model(x[batch]), y[batch]).backward()
                optimizer.step()
        with torch.no_grad():
            correct = (model(x_test).argmax(1) == y_test).float().mean()
        print(f"{name:8} {100 * correct:.1f} %")


if __name__ == "__main__":
    main()
