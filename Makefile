# Every command makes its own environment first (.venv/<X.Y>); PYTHON= picks another interpreter.
PYTHON ?= python3
LAB_ARGS ?=
GRADE_ARGS ?=
export PYTHON COURSE_SEED

environment = python=$$(sh .ci/environment) || exit 1

.PHONY: help lab test notebooks ledger labs handout grade sandbox benchmarks lock wheel clean

help:
	@echo "make lab        read and run the course in JupyterLab, in your own copy my_course/"
	@echo "make test       every check: lint, format, types, tests, stored outputs"
	@echo "make notebooks  execute the notebooks and store their outputs"
	@echo "make ledger     write the ledger of claims and the coverage table from the stored notebooks"
	@echo "make labs       write labs/ from solutions/ (COURSE_SEED=2027: another year's variant)"
	@echo "make handout    the students' bundle, dist/course.zip, without solutions/"
	@echo "make grade      grade a class in a sandbox: LAB=lab11 FROM=export.zip"
	@echo "make sandbox    say whether the sandbox for grading starts here"
	@echo "make benchmarks measure against PyTorch and Keras (makes their environment first, 2.4 GB)"
	@echo "make lock       resolve pyproject.toml anew into requirements.lock (NEWER=1: to the newest versions)"
	@echo "make wheel      build the package into dist/"
	@echo "make clean      remove what was built, the environments too; my_course/ stays"
	@echo "PYTHON=python3.12 picks another interpreter; LAB_ARGS='--no-browser --port 9999' goes to JupyterLab,"
	@echo "GRADE_ARGS='--workers 4 --out /srv/graded' to the grader"

lab:
	@$(environment); exec "$$python" -m course_utils.workbench my_course $(LAB_ARGS)

test:
	@bash .ci/test

notebooks:
	@$(environment); "$$python" .ci/store_notebooks.py

ledger:
	@$(environment); "$$python" -m course_utils.ledger

labs:
	@$(environment); "$$python" -m course_utils.labs release

handout:
	@$(environment); "$$python" -m course_utils.labs handout

grade:
	@$(environment); "$$python" -m course_utils.grading grade "$(LAB)" "$(FROM)" $(GRADE_ARGS)

sandbox:
	@$(environment); "$$python" -m course_utils.grading check $(GRADE_ARGS)

benchmarks:
	@$(environment); "$$python" tests/benchmarks/run.py

# Hashes of every platform's files, no address of any index: the file says what, pip's own settings say where from.
lock:
	@"$(PYTHON)" -m venv .venv/lock && .venv/lock/bin/python -m pip install --quiet uv && \
	.venv/lock/bin/uv pip compile --quiet --universal --generate-hashes --no-header --no-annotate --no-emit-index-url \
	    --python-version 3.11 --extra dev $(if $(NEWER),--upgrade) pyproject.toml -o requirements.lock

# setuptools would pack what an older build left in build/.
wheel:
	@$(environment); rm -rf build dist && \
	"$$python" -m pip wheel --quiet --no-deps --no-build-isolation -w dist . && rm -rf build && ls dist/*.whl

clean:
	rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
