"""The tables are complete, and the pages show them without loss."""

import csv
import re
from html.parser import HTMLParser

import pytest

from course_utils.ledger import chapters, claims_table, coverage_html, coverage_table, glossary, glossary_html
from course_utils.ledger.generate import collect, write
from course_utils.ledger.tables import HERE, PARTS, anchor, read_table

LENGTHS = {"1": 4, "2": 7, "3": 4, "4": 6, "5": 7, "6": 6}
CHAPTERS = ["00", *(f"{part}{place}" for part, length in LENGTHS.items() for place in range(1, length + 1))]

# What each chapter owes: one list for each row of the course's mission, by words that its topics must hold.
OWED = {
    "00": ["bilingual glossary", "environment set-up"],
    "11": [
        "conflicting definitions|counted exactly",
        "DBN/RBM|AlexNet|GPT-1/2/3|BERT|growth|source",
        "two-layer DBN",
    ],
    "12": ["preparation|features|layers|activation|loss|optimizer|evaluation|tuning|diagram|running code"],
    "13": ["MLP|CNN|RNN|LSTM|GRU|Transformer|GNN", "embeddings|plotted|nearest neighbours"],
    "14": ["compute × data × algorithm|error bars|budgets", "sample efficiency|overfitting|compute"],
    "21": [
        "missing|duplicates|outliers|without leakage|normalisation|augmentation|images|text",
        "public|in-house|crawled|licence|annotation|κ|price|label noise|data quality",
        "storage|streaming|prefetch|bottleneck",
        "words|characters|Chinese segmentation|byte-pair|library tokenizer",
        "engineered columns|frozen network",
        "MFCC",
    ],
    "22": ["initialise|forward|loss|backward|update|NumPy|jit|metrics|trace|profile"],
    "23": [
        "GD|SGD|momentum|Adagrad|RMSProp|Adam|AdamW|Optax|same surfaces|same model",
        "bias correction|adaptive steps|convergence on quadratics",
    ],
    "24": [
        "batch size|linear|exponential|cosine|warm-up|Gaussian|Xavier|He|dropout|L1|L2|weight decay"
        "|early stopping|augmentation|gradient clipping",
        "bf16|fp16|loss scaling",
    ],
    "25": [
        "accuracy|precision|recall|F1|confusion matrix|ROC/AUC|calibration|BLEU|METEOR|question-answering F1"
        "|cross-validation",
        "grid|random|Bayesian|halving|depth|width|skip|activation|stacking|boosting",
    ],
    "26": [
        "synchronous|asynchronous|simulation|FSDP|tensor parallel|mesh|two real processes|equal|TPU"
        "|scheduling"
    ],
    "27": ["transfer learning|LoRA|distillation", "pruning|int8|lower|accuracy/size/latency"],
    "31": ["neuron|sigmoid|ReLU|tanh|softmax|MSE|binary|categorical|gradient|shape|plot"],
    "32": ["layer by layer|jax.grad|finite differences"],
    "33": ["attention|layer norm|Transformer block|derived and checked"],
    "34": ["number|formula|listing|statement|holds|corrected|refuted|not checkable here"],
    "41": [
        "1000 × 10|batch 32|ten epochs|real tabular|SVM|linear baseline|curves|seaborn|ROC",
        "128-64-1|validation",
    ],
    "42": [
        "CIFAR-10|95 %",
        "image folder|validation curve|saved and loaded",
        "28 × 28|classification report",
    ],
    "43": ["corpus|tokenizer|pre-training|sampling|evaluation"],
    "44": ["masked|classification|question answering|RoBERTa|DistilBERT"],
    "45": ["customer service|writing and teaching|few-shot"],
    "46": ["checkpoints|resume|versions|export|KV-cache|HTTP|latency|throughput"],
    "51": [
        "spam|news|sentiment|third language|question answering|search|retrieval|generation|summarising|chat"
    ],
    "52": [
        "residual|Inception|YOLO|SSD|two-stage|vehicles|pedestrians|plates|segmentation|pose|GAN|diffusion"
        "|text to image|style transfer|inpainting|metric learning|3-D convolution"
    ],
    "53": ["CTC|command|action|dilated causal|WaveNet"],
    "54": ["GCN|GAT|friend|influence|goods|music|video|news|profiles|routes|intrusion"],
    "55": ["risk from records|medical image|drug–target|treatment choice"],
    "56": ["credit scoring|fraud|VaR|back-test|volatility|portfolio|look-ahead"],
    "57": [
        "camera–lidar|behaviour prediction|path planning|collision|reinforcement|traffic|air quality|alarm"
    ],
    "61": ["training|serving|throughput|FLOPs|hours|million tokens"],
    "62": [
        "cost-, value-, competition-led|product, data, solutions, services|trial|word of mouth|community"
        "|marketing|subscription|one-off|add-ons|revenue share|open-source|cloud|platform|partnership"
        "|simulation",
        "users|demand|competition|bottom-up|uncertainty",
    ],
    "63": [
        "anonymisation|failure|DP-SGD|homomorphic|federated|retention|cross-border"
        "|provider contracts|notice|audit"
    ],
    "64": [
        "bias|mitigation|trade-off|checklist|model card|regulation|review board|jobs|misuse|staff training"
    ],
    "65": ["saliency|integrated gradients|LIME|SHAP|exact values|visualising|tracing", "attack and defence"],
    "66": [
        "contrastive|personalisation|continual|drift|self-improvement|manufacturing|virtual worlds"
        "|health-plus-finance|thousand times larger",
        "framework|Horovod|Dask|FAQ|reading list|every citation",
    ],
}


class Text(HTMLParser):
    """Text, links and marked languages of a page; refuses tags that do not nest."""

    def __init__(self, page):
        super().__init__()
        self.words, self.links, self.chinese, self.open = [], [], [], []
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        if tag != "br":
            self.open.append((tag, dict(attrs)))
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag):
        assert self.open.pop()[0] == tag

    def handle_data(self, data):
        self.words.append(data)
        if self.open and self.open[-1][1].get("lang") == "zh":
            self.chinese.append(data)


@pytest.mark.parametrize("name", ["coverage", "chapters", "cells", "claims", "glossary"])
def test_files_are_plain_utf8_csv(name):
    raw = (HERE / f"{name}.csv").read_bytes()
    assert b"\r" not in raw
    assert not raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(raw.decode("utf-8").splitlines(keepends=True), strict=True))
    assert {len(row) for row in rows} == {len(rows[0])}
    assert all(cell == cell.strip() for row in rows for cell in row)


def test_chapters_are_the_thirty_five_in_order():
    table = chapters()
    assert table["number"].to_list() == CHAPTERS
    assert all(path == path.lower() and path.endswith(".ipynb") for path in table["path"])
    assert (
        table["folder"].str[0].fillna("") == table["number"].str[0].where(table["number"] != "00", "")
    ).all()
    assert table["title"].is_unique
    assert table["promise"].str.endswith(".").all()


def test_every_row_of_the_mission_has_its_words_in_its_chapter():
    topics = coverage_table().groupby("chapter")["topic"].agg(" ; ".join)
    assert sorted(OWED) == sorted(topics.index) == CHAPTERS
    for chapter, rows in OWED.items():
        lost = [word for row in rows for word in row.split("|") if word not in topics[chapter]]
        assert not lost, f"chapter {chapter} lost {lost}"


def test_coverage_ids_are_slugs_and_parts_follow_the_chapters():
    table = coverage_table()
    assert table["id"].is_unique
    assert table["id"].str.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*").all()
    assert len(table) >= sum(map(len, OWED.values()))
    first = table["chapter"].str[0].where(table["chapter"] != "00", "1")
    assert (table["part"] == first).all()
    assert set(table["part"]) == set(PARTS)
    assert table["documents"].str.match(r"D[0-4]|all §").all()


def test_generated_tables_point_at_rows_that_exist():
    assert set(read_table("cells")["id"]) <= set(coverage_table()["id"])
    assert set(claims_table()["chapter"]) <= set(CHAPTERS)


def test_covered_topics_carry_links_and_the_rest_is_to_come(course):
    folder = course.ledger
    write(collect(course.notebooks, folder), folder)
    table = coverage_table(folder).set_index("id")
    assert table["cells"].to_dict() == {"check": 1, "pipeline": 2, "splitting": 0}
    path = "1_concepts/12_the_pipeline.ipynb"
    assert table.loc["pipeline", "where"].split() == [f"{path}#From-rows-to-numbers", f"{path}#The-model"]
    assert chapters(folder)["ready"].to_list() == [True, True, False]

    page = Text(coverage_html(folder))
    assert page.links == [
        "00_start_here.ipynb#cell-id=cell1",
        f"{path}#From-rows-to-numbers",
        f"{path}#The-model",
    ]
    assert page.words.count("to come") == 1
    assert "splitting <without> leakage" in page.words
    assert coverage_html(folder) == coverage_html(folder)


def test_coverage_page_shows_every_topic():
    assert set(coverage_table()["topic"]) <= set(Text(coverage_html()).words)


@pytest.mark.parametrize("heading", ["Why (x, y)? Rows & columns", "O'Neill's 3-step test: a/b"])
def test_plain_headings_are_their_own_anchor(heading):
    assert anchor("a.ipynb", heading, "cell1") == f"a.ipynb#{heading.replace(' ', '-')}"


@pytest.mark.parametrize(
    "heading", ["", "中文", "95 % – or more", 'The "cell"', "a = b", "$x$", "1 < 2", "two\nlines"]
)
def test_headings_that_a_browser_rewrites_are_reached_by_the_cell(heading):
    assert anchor("a.ipynb", heading, "cell1") == "a.ipynb#cell-id=cell1"
    assert anchor("a.ipynb", heading) == "a.ipynb"


def test_unknown_table_is_refused_with_the_known_ones():
    with pytest.raises(
        ValueError, match=r"no table 'terms'; it has: cells, chapters, claims, coverage, glossary"
    ):
        read_table("terms")


def test_glossary_holds_the_first_list_and_is_bilingual():
    table = glossary()
    given = ["AI", "DL", "NLP", "GNN", "SVM", "CNN", "RNN", "RL", "GPT", "BERT"]
    named = " ".join(table["english"])
    assert [short for short in given if f"({short})" not in named] == []
    assert {
        "large model",
        "entrepreneurship",
        "business model",
        "challenge",
        "opportunity",
        "Transformer",
    } <= set(table["english"])
    assert len(table) >= 100
    assert table["english"].str.lower().is_unique
    assert table["chinese"].is_unique
    assert table["chinese"].str.contains(r"[\u4e00-\u9fff]").all()
    assert (
        not table["meaning"]
        .str.contains(r"[\u4e00-\u9fff]", regex=True)[table["english"] != "precision"]
        .any()
    )
    assert table["meaning"].str.endswith(".").all()
    assert set(table["chapter"]) <= set(CHAPTERS)
    places = re.compile(r"course term|D[0-4] (§[\d.]+|intro)(, (D[0-4] )?(§[\d.]+|intro))*")
    assert [row for row in table["documents"] if not places.fullmatch(row)] == []
    assert table["english"].str.lower().to_list() == sorted(table["english"].str.lower())


def test_glossary_page_marks_the_chinese():
    page = Text(glossary_html())
    assert page.chinese == glossary()["chinese"].to_list()
    assert set(glossary()["meaning"]) <= set(page.words)
