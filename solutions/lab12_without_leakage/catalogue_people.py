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

CATALOGUE = {"split_people": SPLIT, "last_year": LAST_YEAR}
