"""Lab 11: typical wrong answers and the help they must get; unusual right ones."""

from course_utils.labs import Right, Wrong

PARAMETERS = [
    Wrong(
        "counts the output layer again",
        says="count it once",
        swap=("(vocabulary + context)", "(2 * vocabulary + context)"),
    ),
    Wrong(
        "forgets positions",
        says="position embedding is missing",
        swap=("(vocabulary + context)", "vocabulary"),
    ),
    Wrong(
        "forgets the biases",
        says="biases are missing",
        code="""
def count_parameters(layers, width, vocabulary, context):
    return (vocabulary + context) * width + layers * (12 * width**2 + 4 * width) + 2 * width
""",
    ),
    Wrong(
        "forgets the last norm", says="after the last layer is missing", swap=("norms) + 2 * width", "norms)")
    ),
    Wrong(
        "counts one norm a layer",
        says="two norms, not one",
        swap=("norms = 2 * 2 * width", "norms = 2 * width"),
    ),
    Wrong(
        "keeps the feed-forward part at the width",
        says="goes to 4 d and back",
        swap=("(width * 4 * width + 4 * width) + (4 * width * width + width)", "2 * (width * width + width)"),
    ),
    Wrong(
        "forgets attention's output product",
        says="four products",
        swap=("attention = 4 *", "attention = 3 *"),
    ),
    Wrong("counts one layer", says="multiply by the number of layers", swap=("layers * (att", "(att")),
    Wrong(
        "forgets the biases and the last norm",
        says="9 d in all; and the norm after the last layer is missing",
        code="""
def count_parameters(layers, width, vocabulary, context):
    return (vocabulary + context) * width + layers * (12 * width**2 + 4 * width)
""",
    ),
    Wrong(
        "forgets positions and counts one layer",
        says="T × d; and one layer was counted",
        code="""
def count_parameters(layers, width, vocabulary, context):
    return vocabulary * width + 12 * width**2 + 13 * width + 2 * width
""",
    ),
    Wrong(
        "multiplies tokens and positions",
        says="added, not multiplied",
        swap=("(vocabulary + context)", "vocabulary * context"),
    ),
    Wrong(
        "forgets the feed-forward biases",
        says="biases of the feed-forward part",
        swap=(
            "(width * 4 * width + 4 * width) + (4 * width * width + width)",
            "width * 4 * width + 4 * width * width",
        ),
    ),
    Wrong("returns a float", says="whole number", swap=("return (voc", "return 1.0 * (voc")),
    Wrong(
        "hard-codes the example",
        says="does a constant of the small example stand in the answer",
        code="def count_parameters(layers, width, vocabulary, context): return 6381",
    ),
    Right(
        "multiplies out the shapes",
        """
def count_parameters(layers, width, vocabulary, context):
    d = width
    layer = [(d, d), (d,)] * 4 + [(d, 4 * d), (4 * d,), (4 * d, d), (d,), (d,), (d,), (d,), (d,)]
    shapes = [(vocabulary, d), (context, d), *(layer * layers), (d,), (d,)]
    return sum(math.prod(shape) for shape in shapes)
""",
    ),
    Right(
        "asks NumPy for the sizes",
        """
def count_parameters(layers, width, vocabulary, context):
    size = np.int64(width)
    return layers * (12 * size**2 + 13 * size) + size * (vocabulary + context + 2)
""",
    ),
]

OPERATIONS = [
    Wrong(
        "counts a multiplication and an addition as one",
        says="factor 2 is missing",
        code="""
def forward_operations(layers, width, vocabulary, context):
    return layers * (12 * width**2 * context + 2 * context**2 * width) + context * width * vocabulary
""",
    ),
    Wrong(
        "forgets attention's squares",
        says="attention's two products are missing",
        swap=("(weights + attention)", "weights"),
    ),
    Wrong(
        "counts one of attention's products",
        says="two products over the square",
        swap=("2 * (2 * context**2 * width)", "2 * context**2 * width"),
    ),
    Wrong("takes the context once", says="T squared, not T", swap=("context**2", "context")),
    Wrong(
        "forgets the output layer",
        says="output layer is missing",
        swap=(" + 2 * context * width * vocabulary", ""),
    ),
    Wrong(
        "counts the embedding as a product",
        says="no product",
        swap=("+ 2 * context * width", "+ 4 * context * width"),
    ),
    Wrong(
        "takes twice the parameters for each token",
        says="twice the parameters",
        code="""
def forward_operations(layers, width, vocabulary, context):
    layer = 12 * width**2 + 13 * width
    return 2 * context * ((vocabulary + context) * width + layers * layer + 2 * width)
""",
    ),
    Wrong(
        "counts one token",
        says="one token's share",
        code="""
def forward_operations(layers, width, vocabulary, context):
    return layers * (24 * width**2 + 4 * context * width) + 2 * width * vocabulary
""",
    ),
    Wrong(
        "counts training",
        says="one forward pass was asked",
        swap=(
            "return layers * (weights + attention)",
            "return 3 * layers * (weights + attention) + 4 * context * width * vocabulary",
        ),
    ),
    Right(
        "lists the products",
        """
def forward_operations(layers, width, vocabulary, context):
    T, d = context, width
    layer = 4 * T * d * d + T * d * 4 * d + T * 4 * d * d + T * d * T + T * T * d
    return 2.0 * (layers * layer + T * d * vocabulary)
""",
    ),
    Right(
        "one token's products, then all tokens",
        """
def forward_operations(layers, width, vocabulary, context):
    token = 24 * width * width * layers + 4 * context * width * layers + 2 * width * vocabulary
    return np.float64(token) * context
""",
    ),
]

CARDS = [
    Wrong("rounds down", says="round up", swap=("math.ceil", "int")),
    Wrong("rounds to the nearest", says="round up", swap=("math.ceil", "round")),
    Wrong("adds one always", says="exactly", swap=("return math.ceil(", "return 1 + int(")),
    Wrong("takes a thousand million for a GiB", says="2**30 bytes", swap=("2**30", "1e9")),
    Wrong("forgets the reserve", says="reserve was forgotten", swap=(" * (1 - reserve)", "")),
    Wrong("fills only the reserve", says="not by reserve", swap=("(1 - reserve)", "reserve")),
    Wrong(
        "shrinks the state by the reserve",
        says="not the state",
        swap=("(card_gib * 2**30 * (1 - reserve))", "(card_gib * 2**30) * (1 - reserve)"),
    ),
    Wrong("counts parameters", says="not bytes", swap=("parameters * bytes_each", "parameters")),
    Wrong("returns a share of a card", says="cards are whole", swap=("math.ceil", "")),
    Right(
        "whole numbers and a negative division",
        """
def cards_needed(parameters, bytes_each, card_gib, reserve):
    room = card_gib * (1 - reserve) * 1024**3
    return int(-(-parameters * bytes_each // room))
""",
    ),
    Right(
        "adds cards until the state fits",
        """
def cards_needed(parameters, bytes_each, card_gib, reserve):
    need, room, cards = parameters * bytes_each, card_gib * 2**30 * (1 - reserve), 1
    while cards * room < need:
        cards += 1
    return cards
""",
    ),
]

DAYS = [
    Wrong("counts the forward pass", says="forward pass only", swap=("6 * p", "2 * p")),
    Wrong("counts the backward pass", says="backward pass only", swap=("6 * p", "4 * p")),
    Wrong("returns seconds", says="these are seconds", swap=(" / 86_400", "")),
    Wrong("returns hours", says="these are hours", swap=("86_400", "3_600")),
    Wrong("forgets utilisation", says="utilisation was forgotten", swap=(" * utilisation", "")),
    Wrong(
        "shortens the work by utilisation",
        says="divide by it",
        swap=("card_flops * utilisation)", "card_flops / utilisation)"),
    ),
    Wrong("counts one card", says="work together", swap=("(cards * card_flops", "(card_flops")),
    Wrong(
        "lets more cards take longer",
        says="divide by cards",
        swap=("(cards * card_flops * utilisation)", "(card_flops * utilisation) * cards"),
    ),
    Right(
        "step by step, in floats",
        """
def training_days(parameters, tokens, cards, card_flops, utilisation):
    a_day = cards * card_flops * utilisation * 24 * 60 * 60
    return (2 + 4) * float(parameters) * float(tokens) / a_day
""",
    ),
    Right(
        "by logarithms",
        """
def training_days(parameters, tokens, cards, card_flops, utilisation):
    top = math.log(6) + math.log(parameters) + math.log(tokens)
    return math.exp(top - math.log(cards) - math.log(card_flops) - math.log(utilisation) - math.log(86400))
""",
    ),
]

CATALOGUE = {
    "count_parameters": PARAMETERS,
    "forward_operations": OPERATIONS,
    "cards_needed": CARDS,
    "training_days": DAYS,
}
