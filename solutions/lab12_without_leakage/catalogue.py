"""Lab 12: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

SPLIT = [
    Wrong(
        "shuffles rows, not people",
        says="shuffle and cut the people, not the rows",
        code="""
def split_people(person, rng):
    rows = rng.permutation(len(person))
    return tuple(np.split(rows, [len(rows) * 3 // 5, len(rows) * 4 // 5]))
""",
    ),
    Wrong(
        "loses a person at each cut",
        says="lost at a cut",
        code="""
def split_people(person, rng):
    p = rng.permutation(np.unique(person))
    a, b = len(p) * 3 // 5, len(p) * 4 // 5
    return tuple(np.flatnonzero(np.isin(person, part)) for part in (p[:a], p[a + 1 : b], p[b + 1 :]))
""",
    ),
    Wrong(
        "never shuffles",
        says="shuffle the people with rng",
        swap=("rng.permutation(np.unique(person))", "np.unique(person)"),
    ),
    Wrong(
        "brings a seed of its own",
        says="without a seed of your own",
        swap=("rng.permutation", "np.random.default_rng(0).permutation"),
    ),
    Wrong(
        "draws from NumPy's global generator",
        says="draw from rng alone",
        swap=("rng.permutation", "np.random.permutation"),
    ),
    Wrong(
        "returns masks",
        says="np.flatnonzero",
        swap=("np.flatnonzero(np.isin(person, part))", "np.isin(person, part)"),
    ),
    Wrong(
        "returns the people",
        says="the people instead of their rows",
        code="""
def split_people(person, rng):
    people = rng.permutation(np.unique(person))
    return tuple(np.split(people, [len(people) * 3 // 5, len(people) * 4 // 5]))
""",
    ),
    Wrong(
        "gives test the largest part",
        says="60 / 20 / 20",
        swap=("3 // 5, len(people) * 4 // 5", "1 // 5, len(people) * 2 // 5"),
    ),
    Wrong(
        "draws people with replacement",
        says="with replacement",
        swap=("rng.permutation(np.unique(person))", "rng.choice(np.unique(person), len(np.unique(person)))"),
    ),
    Wrong(
        "takes one row of each person",
        says="only some rows of a person",
        code="""
def split_people(person, rng):
    rows = rng.permutation(np.unique(person, return_index=True)[1])
    return tuple(np.split(rows, [len(rows) * 3 // 5, len(rows) * 4 // 5]))
""",
    ),
    Right(
        "a random number for each person, ranked",
        """
def split_people(person, rng):
    names, number = np.unique(person, return_inverse=True)
    rank = np.argsort(np.argsort(rng.random(len(names)))) / len(names)
    side = np.digitize(rank, [0.6, 0.8])[number]
    return [np.where(side == k)[0] for k in range(3)]
""",
    ),
    Right(
        "scikit-learn's splitter, twice",
        """
from sklearn.model_selection import GroupShuffleSplit

def split_people(person, rng):
    seed = lambda: int(rng.integers(2**31))
    first = GroupShuffleSplit(1, train_size=0.6, random_state=seed())
    train, rest = next(first.split(person, groups=person))
    second = GroupShuffleSplit(1, train_size=0.5, random_state=seed())
    val, test = next(second.split(rest, groups=person[rest]))
    return train, rest[val], rest[test]
""",
    ),
]

LAST_YEAR = [
    Wrong("returns this year's value", says="this year's values", swap=("y - 1", "y")),
    Wrong("looks into the future", says="NEXT year's", swap=("y - 1", "y + 1")),
    Wrong("writes 0 where nothing is known", says="nothing bought is a fact", swap=("np.nan)", "0.0)")),
    Wrong(
        "takes the person's row before, also across a gap",
        says="two years ago",
        code="""
def last_year(person, year, value):
    frame = pd.DataFrame({"p": person, "y": year, "v": value}).sort_values(["p", "y"])
    return frame.groupby("p")["v"].shift(1).sort_index().to_numpy()
""",
    ),
    Wrong(
        "returns the values in sorted order",
        says="in the order of the input rows",
        code="""
def last_year(person, year, value):
    known = {(p, y): v for p, y, v in zip(person, year, value)}
    return np.array([known.get((p, y - 1), np.nan) for p, y in sorted(zip(person, year))], dtype=float)
""",
    ),
    Wrong(
        "forgets the person",
        says="match the person too",
        code="""
def last_year(person, year, value):
    known = dict(zip(zip(person, year), value))
    any_of = dict(zip(year, value))
    return np.array([known.get((p, y - 1), any_of.get(y, np.nan)) for p, y in zip(person, year)], dtype=float)
""",
    ),
    Wrong(
        "trusts the order of the rows",
        says="belongs to somebody else",
        code="""
def last_year(person, year, value):
    return pd.Series(value).shift(1).to_numpy()
""",
    ),
    Wrong(
        "drops the rows without a last year",
        says="a row without a last year stays",
        code="""
def last_year(person, year, value):
    known = dict(zip(zip(person, year), value))
    return np.array([known[p, y - 1] for p, y in zip(person, year) if (p, y - 1) in known])
""",
    ),
    Wrong(
        "sorts the inputs in place",
        says="the inputs were changed",
        code="""
def last_year(person, year, value):
    order = np.lexsort((year, person))
    person[:], year[:], value[:] = person[order], year[order], value[order]
    known = dict(zip(zip(person, year), value))
    return np.array([known.get((p, y - 1), np.nan) for p, y in zip(person, year)], dtype=float)
""",
    ),
    Right(
        "pandas, joined with itself a year later",
        """
def last_year(person, year, value):
    frame = pd.DataFrame({"p": person, "y": year, "v": value})
    earlier = frame.assign(y=frame["y"] + 1)
    return frame[["p", "y"]].merge(earlier, on=["p", "y"], how="left")["v"].to_numpy()
""",
    ),
    Right(
        "compares every row with every row",
        """
def last_year(person, year, value):
    hit = (person[:, None] == person) & (year[:, None] - 1 == year)
    return np.where(hit.any(axis=1), value[hit.argmax(axis=1)], np.nan)
""",
    ),
]

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

CATALOGUE = {"split_people": SPLIT, "last_year": LAST_YEAR, "prepare": PREPARE, "report": REPORT}
