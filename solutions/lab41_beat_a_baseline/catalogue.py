"""Lab 41: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

BASELINE = [
    Wrong(
        "learns the share from test",
        says="taken from the test labels",
        code="""
def baseline(y_train, y_test):
    accuracy = np.mean(y_test == (np.mean(y_train) >= 0.5))
    q = np.mean(y_test)
    return accuracy, -np.mean(y_test * np.log(q) + (1 - y_test) * np.log(1 - q))
""",
    ),
    Wrong(
        "measures on training",
        says="accuracy on the training labels",
        code="""
def baseline(y_train, y_test):
    q = np.mean(y_train)
    return np.mean(y_train == (q >= 0.5)), -np.mean(y_train * np.log(q) + (1 - y_train) * np.log(1 - q))
""",
    ),
    Wrong("forgets the sign", says="sign is reversed", swap=("-np.mean(y_test * np", "np.mean(y_test * np")),
    Wrong("sums", says="this is the sum", swap=("-np.mean(y_test * np", "-np.sum(y_test * np")),
    Wrong(
        "takes base 2",
        says="base 2",
        swap=(
            "(y_test * np.log(q) + (1 - y_test) * np.log(1 - q))",
            "(y_test * np.log2(q) + (1 - y_test) * np.log2(1 - q))",
        ),
    ),
    Wrong(
        "swaps the logarithms",
        says="are swapped",
        swap=("np.log(q) + (1 - y_test) * np.log(1 - q)", "np.log(1 - q) + (1 - y_test) * np.log(q)"),
    ),
    Wrong("forgets label 0", says="label 0 is missing", swap=(" + (1 - y_test) * np.log(1 - q)", "")),
    Wrong("calls everyone malignant", says="call nobody below one half", swap=("(q >= 0.5)", "1")),
    Wrong(
        "returns one loss a patient",
        says="mean over the test labels",
        swap=("-np.mean(y_test * np", "-(y_test * np"),
    ),
    Right(
        "scikit-learn's dummy",
        """
from sklearn.dummy import DummyClassifier
from sklearn.metrics import log_loss

def baseline(y_train, y_test):
    dull = DummyClassifier(strategy="prior").fit(np.zeros((len(y_train), 1)), y_train)
    p = dull.predict_proba(np.zeros((len(y_test), 1)))
    return np.mean((p[:, 1] >= 0.5) == y_test), log_loss(y_test, p, labels=[0, 1])
""",
    ),
    Right(
        "counts, and the cross-entropy of two shares",
        """
def baseline(y_train, y_test):
    ones, n = int(sum(y_train)), len(y_train)
    share = float(sum(y_test)) / len(y_test)
    loss = share * np.log(n / ones) + (1 - share) * np.log(n / (n - ones))
    return [share if 2 * ones >= n else 1 - share, loss]
""",
    ),
]

INTERVAL = [
    Wrong(
        "reverses the difference", says="theirs minus ours", swap=("d = theirs - ours", "d = ours - theirs")
    ),
    Wrong(
        "draws for each model anew",
        says="the same patients for both models",
        swap=(
            "[d[rng.integers(0, len(d), len(d))].mean() for _ in range(repeats)]",
            "[rng.choice(theirs, len(d)).mean() - rng.choice(ours, len(d)).mean() for _ in range(repeats)]",
        ),
    ),
    Wrong(
        "draws without replacement",
        says="WITH replacement",
        swap=("rng.integers(0, len(d), len(d))", "rng.permutation(len(d))"),
    ),
    Wrong(
        "draws half of the patients",
        says="too wide by √2",
        swap=("len(d), len(d))]", "len(d), len(d) // 2)]"),
    ),
    Wrong("takes a 90 % interval", says="90 % interval", swap=("[0.025, 0.975]", "[0.05, 0.95]")),
    Wrong(
        "gives one standard error",
        says="one standard error",
        swap=(
            "np.quantile(means, [0.025, 0.975])",
            "np.mean(means) - np.std(means), np.mean(means) + np.std(means)",
        ),
    ),
    Wrong("sums each draw", says="sums over the patients", swap=(".mean() for", ".sum() for")),
    Wrong(
        "quantiles of single patients",
        says="spread of single patients",
        code="""
def paired_interval(y, p_ours, p_theirs, rng, repeats):
    ours = -np.log(np.where(y == 1, p_ours, 1 - p_ours))
    theirs = -np.log(np.where(y == 1, p_theirs, 1 - p_theirs))
    return np.quantile((theirs - ours)[rng.integers(0, len(y), len(y) * repeats)], [0.025, 0.975])
""",
    ),
    Wrong(
        "brings its own seed",
        says="no seed of your own",
        swap=("    means = ", "    rng = np.random.default_rng(0)\n    means = "),
    ),
    Wrong(
        "draws from NumPy's global generator",
        says="draw from rng alone",
        swap=("rng.integers", "np.random.randint"),
    ),
    Wrong(
        "uses the normal formula",
        says="no formula",
        swap=(
            "np.quantile(means, [0.025, 0.975])",
            "d.mean() + np.array([-1.96, 1.96]) * d.std() / len(d) ** 0.5",
        ),
    ),
    Wrong(
        "measures hits instead of log-loss",
        says="mean log-loss",
        code="""
def paired_interval(y, p_ours, p_theirs, rng, repeats):
    d = 4.0 * ((p_ours > 0.5) == y) - 4.0 * ((p_theirs > 0.5) == y) + 1
    means = [d[rng.integers(0, len(d), len(d))].mean() for _ in range(repeats)]
    return np.quantile(means, [0.025, 0.975]) * 0.2
""",
    ),
    Wrong(
        "takes log p for every label",
        says="mean log-loss",
        swap=("ours = -np.log(np.where(y == 1, p_ours, 1 - p_ours))", "ours = -np.log(p_ours)"),
    ),
    Right(
        "weights of all draws at once",
        """
def paired_interval(y, p_ours, p_theirs, rng, repeats):
    d = np.where(y == 1, np.log(p_ours) - np.log(p_theirs), np.log1p(-p_ours) - np.log1p(-p_theirs))
    weights = rng.multinomial(len(d), np.full(len(d), 1 / len(d)), size=repeats)
    return tuple(np.percentile(weights @ d / len(d), [2.5, 97.5]))
""",
    ),
    Right(
        "SciPy's bootstrap",
        """
from scipy.stats import bootstrap

def paired_interval(y, p_ours, p_theirs, rng, repeats):
    loss = lambda p: -(y * np.log(p) + (1 - y) * np.log(1 - p))
    made = bootstrap((loss(p_theirs) - loss(p_ours),), np.mean, n_resamples=repeats, method="percentile", rng=rng)
    return made.confidence_interval
""",
    ),
]

THRESHOLD = [
    Wrong(
        "takes one half",
        says="one half fits equal costs only",
        code="""
def best_threshold(y, p, cost_miss, cost_alarm):
    called = p >= 0.5
    return 0.5, cost_miss * np.sum((y == 1) & ~called) + cost_alarm * np.sum((y == 0) & called)
""",
    ),
    Wrong(
        "swaps the costs",
        says="costs are swapped",
        code="""
def best_threshold(y, p, cost_miss, cost_alarm):
    best = (np.inf, cost_alarm * np.sum(y == 1))
    for t in np.unique(p)[::-1]:
        cost = cost_alarm * np.sum((y == 1) & (p < t)) + cost_miss * np.sum((y == 0) & (p >= t))
        if cost < best[1]:
            best = (t, cost)
    return best
""",
    ),
    Wrong(
        "counts errors",
        says="errors do not cost the same",
        code="""
def best_threshold(y, p, cost_miss, cost_alarm):
    t = max(np.unique(p), key=lambda t: (np.sum((p >= t) == y), t))
    return t, cost_miss * np.sum((y == 1) & (p < t)) + cost_alarm * np.sum((y == 0) & (p >= t))
""",
    ),
    Wrong(
        "leaves the patient at the threshold out",
        says="p >= t, not p > t",
        code="""
def best_threshold(y, p, cost_miss, cost_alarm):
    best = (np.inf, cost_miss * np.sum(y == 1))
    for t in np.unique(p)[::-1]:
        cost = cost_miss * np.sum((y == 1) & (p <= t)) + cost_alarm * np.sum((y == 0) & (p > t))
        if cost < best[1]:
            best = (t, cost)
    return best
""",
    ),
    Wrong(
        "returns the mean cost", says="not the mean", swap=("return best", "return best[0], best[1] / len(y)")
    ),
    Wrong(
        "takes the dearest",
        says="take the lowest cost",
        swap=("if cost < best[1]", "if cost > best[1] or best[0] == np.inf"),
    ),
    Wrong(
        "never calls nobody",
        says="calling nobody is cheapest",
        swap=("best = (np.inf, cost_miss * np.sum(y == 1))", "best = (np.inf, np.inf)"),
    ),
    Wrong(
        "takes the smallest of equals",
        says="of equally cheap thresholds the largest",
        swap=("if cost < best[1]", "if cost <= best[1]"),
    ),
    Right(
        "all thresholds in one table",
        """
def best_threshold(y, p, cost_miss, cost_alarm):
    t = np.append(p, np.inf)
    called = p >= t[:, None]
    cost = (cost_miss * (y * ~called) + cost_alarm * ((1 - y) * called)).sum(axis=1)
    return t[cost == cost.min()].max(), cost.min()
""",
    ),
    Right(
        "sorted once, with running counts",
        """
def best_threshold(y, p, cost_miss, cost_alarm):
    order = np.argsort(-p)
    ranked, labels = p[order], y[order]
    cost = np.concatenate([[0], np.cumsum(np.where(labels == 1, -cost_miss, cost_alarm))]) + cost_miss * y.sum()
    last = np.append(ranked[1:] != ranked[:-1], True)  # a threshold calls all patients of equal p
    cost[1:][~last] = np.iinfo(int).max
    k = int(np.argmin(cost))
    return (np.inf if k == 0 else float(ranked[k - 1])), int(cost[k])
""",
    ),
]

CATALOGUE = {"baseline": BASELINE, "paired_interval": INTERVAL, "best_threshold": THRESHOLD}
