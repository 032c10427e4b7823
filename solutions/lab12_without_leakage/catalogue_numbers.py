"""Lab 12: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

PREPARE = [
    Wrong(
        "takes the statistics of both tables together",
        says="not of both together",
        code="""
def prepare(train, rows):
    both = np.vstack([train, rows])
    filled = np.where(np.isnan(both), np.nanmedian(both, axis=0), both)
    sd = filled.std(axis=0)
    z = (filled - filled.mean(axis=0)) / np.where(sd == 0, 1.0, sd)
    constant = filled[: len(train)].std(axis=0) == 0
    z[:, constant] = filled[:, constant] - filled[0, constant]
    return z[: len(train)], z[len(train) :]
""",
    ),
    Wrong(
        "scales new rows with their own statistics",
        says="not its own",
        code="""
def prepare(train, rows):
    def alone(x):
        x = np.where(np.isnan(x), np.nanmedian(train, axis=0), x)
        sd = x.std(axis=0)
        return (x - x.mean(axis=0)) / np.where(sd == 0, 1.0, sd)
    return alone(train), alone(rows)
""",
    ),
    Wrong(
        "takes one statistic of the whole table",
        says="statistics of each column, axis=0",
        swap=("train.mean(axis=0), train.std(axis=0)", "train.mean(), train.std()"),
    ),
    Wrong("fills with the mean", says="fill it with the median", swap=("np.nanmedian", "np.nanmean")),
    Wrong(
        "scales before it fills",
        says="before the mean is taken",
        code="""
def prepare(train, rows):
    mean, sd = np.nanmean(train, axis=0), np.nanstd(train, axis=0)
    sd = np.where(sd == 0, 1.0, sd)
    return tuple(np.nan_to_num((x - mean) / sd) for x in (train, rows))
""",
    ),
    Wrong("divides by n - 1", says="divisor n - 1", swap=("train.std(axis=0)", "train.std(axis=0, ddof=1)")),
    Wrong(
        "forgets constant columns",
        says="constant in training",
        swap=("np.where(deviation == 0, 1.0, deviation)", "deviation"),
    ),
    Wrong(
        "adds a small number to every deviation",
        says="a small number added",
        swap=("np.where(deviation == 0, 1.0, deviation)", "deviation + 1e-8"),
    ),
    Wrong(
        "adds a larger number to every deviation",
        says="a small number added",
        swap=("np.where(deviation == 0, 1.0, deviation)", "deviation + 0.01"),
    ),
    Wrong(
        "leaves the gaps of new rows",
        says="gaps are left",
        code="""
def prepare(train, rows):
    filled = np.where(np.isnan(train), np.nanmedian(train, axis=0), train)
    sd = filled.std(axis=0)
    mean, sd = filled.mean(axis=0), np.where(sd == 0, 1.0, sd)
    return (filled - mean) / sd, (rows - mean) / sd
""",
    ),
    Wrong(
        "works in place",
        says="the inputs were changed",
        code="""
def prepare(train, rows):
    medians = np.nanmedian(train, axis=0)
    for x in (train, rows):
        x[np.isnan(x)] = np.broadcast_to(medians, x.shape)[np.isnan(x)]
    sd = train.std(axis=0)
    mean, sd = train.mean(axis=0), np.where(sd == 0, 1.0, sd)
    return (train - mean) / sd, (rows - mean) / sd
""",
    ),
    Wrong(
        "drops rows with gaps",
        says="no row or column is dropped",
        code="""
def prepare(train, rows):
    train, rows = (x[~np.isnan(x).any(axis=1)] for x in (train, rows))
    sd = train.std(axis=0)
    sd = np.where(sd == 0, 1.0, sd)
    return (train - train.mean(axis=0)) / sd, (rows - train.mean(axis=0)) / sd
""",
    ),
    Right(
        "scikit-learn's two steps in a pipeline",
        """
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

def prepare(train, rows):
    steps = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(train)
    return steps.transform(train), steps.transform(rows)
""",
    ),
    Right(
        "pandas, column by column",
        """
def prepare(train, rows):
    a, b = pd.DataFrame(train), pd.DataFrame(rows)
    for column in a:
        middle = a[column].median()
        a[column], b[column] = a[column].fillna(middle), b[column].fillna(middle)
    sd = a.std(ddof=0).replace(0, 1)
    return (a - a.mean()) / sd, (b - a.mean()) / sd
""",
    ),
]

REPORT = [
    Wrong(
        "chooses by the test rows",
        says="chosen by the test rows",
        code="""
def report(y_val, scores_val, y_test, scores_test):
    kept = [auc(y_test, score) for score in scores_test]
    chosen = int(np.argmax(kept))
    return chosen, auc(y_val, scores_val[chosen]), kept[chosen]
""",
    ),
    Wrong(
        "calls auc with the scores first",
        says="auc takes the labels first",
        swap=("auc(y_val, score)", "auc(score, y_val)"),
    ),
    Wrong(
        "calls scikit-learn's AUC with the scores first",
        says="auc takes the labels first",
        code="""
from sklearn.metrics import roc_auc_score

def report(y_val, scores_val, y_test, scores_test):
    promises = [roc_auc_score(score, y_val) for score in scores_val]
    chosen = int(np.argmax(promises))
    return chosen, promises[chosen], roc_auc_score(scores_test[chosen], y_test)
""",
    ),
    Wrong(
        "scores all models at once",
        says="of one model and the same rows",
        swap=("[auc(y_val, score) for score in scores_val]", "auc(y_val, scores_val)"),
    ),
    Wrong("takes the lowest", says="argmax", swap=("np.argmax", "np.argmin")),
    Wrong(
        "reports the promise twice",
        says="the promise again",
        swap=("auc(y_test, scores_test[chosen])", "promises[chosen]"),
    ),
    Wrong(
        "reports the best test AUC of all",
        says="report the chosen model's",
        swap=("auc(y_test, scores_test[chosen])", "max(auc(y_test, score) for score in scores_test)"),
    ),
    Wrong(
        "chooses by accuracy at one half",
        says="threshold at 0.5",
        swap=(
            "chosen = int(np.argmax(promises))",
            "chosen = int(np.argmax([((s > 0.5) == y_val).mean() for s in scores_val]))",
        ),
    ),
    Wrong(
        "counts models from 1",
        says="count from 0",
        swap=("return chosen, promises", "return chosen + 1, promises"),
    ),
    Wrong(
        "promises the test AUC",
        says="AUC on validation",
        swap=("promises[chosen],", "auc(y_test, scores_test[chosen]),"),
    ),
    Right(
        "scikit-learn's AUC and plain Python",
        """
from sklearn.metrics import roc_auc_score

def report(y_val, scores_val, y_test, scores_test):
    pairs = [(roc_auc_score(y_val, s), -k) for k, s in enumerate(scores_val)]
    promised, minus = max(pairs)
    return -minus, promised, roc_auc_score(y_test, scores_test[-minus])
""",
    ),
    Right(
        "AUC counted pair by pair",
        """
def report(y_val, scores_val, y_test, scores_test):
    def area(y, s):
        gap = s[y == 1][:, None] - s[y == 0]
        return ((gap > 0) + (gap == 0) / 2).mean()
    promises = np.array([area(y_val, s) for s in scores_val])
    chosen = next(k for k, p in enumerate(promises) if np.isclose(p, promises.max()))
    return [chosen, float(promises[chosen]), float(area(y_test, scores_test[chosen]))]
""",
    ),
]

CATALOGUE = {"prepare": PREPARE, "report": REPORT}
