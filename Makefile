PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
BUILD := build/release
SOURCES := pyproject.toml meson.build $(shell find src tools -type f -not -name '*.pyc')

.PHONY: browser demo handbook test quick lint sanitize coefficients accuracy accuracy-rare accuracy-peers wrong bench bench-report torch-page jax-pages clean

# Set up, build, and run the main job on real data.
demo: $(VENV)/.installed
	$(BIN)/actfn demo --force

# Write the handbook of all functions to build/handbook, in under two minutes; open index.html in it.
handbook: $(VENV)/.installed
	mkdir -p build
	$(BIN)/actfn handbook -o build/handbook

# Open pages of the handbook in Debian's Chromium, of every kind of function, and look for faults.
browser: $(VENV)/.installed
	$(BIN)/python tools/requirements.py browser | $(BIN)/python -m pip install --quiet -r /dev/stdin
	$(BIN)/pytest tests/browser/handbook_pages.py

# Set up, build, and run every test.
test: lint
	$(BIN)/pytest -n 2

# What a developer runs while working.
quick: $(VENV)/.installed
	$(BIN)/pytest -n 2 -m "not slow"

lint: $(VENV)/.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/clang-format --dry-run --Werror src/actfn/core/*.hpp src/actfn/core/*.cpp

# The core suite with the address and undefined-behaviour sanitizers in the compiled core.
sanitize: $(VENV)/.installed
	$(BIN)/python tools/sanitize.py

# Measure the error of every function that has changed: all float32 numbers; an hour on two cores, and resumes.
accuracy: $(VENV)/.installed
	$(BIN)/python tools/accuracy.py

# All float32 numbers again, for the functions that networks seldom use: some hours, and resumes.
accuracy-rare: $(VENV)/.installed
	$(BIN)/python tools/rare_accuracy.py

# Every function of PyTorch, JAX, Keras and SciPy against the truth; writes docs/wrong.md.
wrong: $(VENV)/.installed
	$(BIN)/python tools/requirements.py test | $(BIN)/python -m pip install --quiet -r /dev/stdin
	$(BIN)/python tools/wrong.py

# The same check on PyTorch, JAX, SciPy and textbook code; writes docs/accuracy.md.
accuracy-peers: $(VENV)/.installed
	$(BIN)/python tools/requirements.py peers | $(BIN)/python -m pip install --quiet -r /dev/stdin
	$(BIN)/python tools/peers.py

# The checker on PyTorch's functions and on actfn.torch; fills the table of docs/torch.md.
torch-page: $(VENV)/.installed
	$(BIN)/python tools/torch_page.py

# The checker on JAX's and Keras's functions and on actfn's; fills the tables of docs/jax.md and docs/keras.md.
jax-pages: $(VENV)/.installed
	$(BIN)/python tools/jax_pages.py

# Speed beside PyTorch, JAX, SciPy, NumPy, numexpr and a copy: BENCH=--quick for a part of it in two minutes.
bench: $(VENV)/.installed
	$(BIN)/python tools/requirements.py bench | $(BIN)/python -m pip install --quiet -r /dev/stdin
	$(BIN)/python benchmarks/run.py $(BENCH)

# Put the figures of the last full run into README and docs.
bench-report:
	$(BIN)/python benchmarks/report.py

coefficients: $(VENV)/.installed
	$(BIN)/python tools/coefficients.py

$(VENV)/.dependencies: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python tools/requirements.py test | $(BIN)/python -m pip install --quiet -r /dev/stdin
	touch $@

$(VENV)/.installed: $(VENV)/.dependencies $(SOURCES)
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python -m pip install --quiet --no-deps --no-build-isolation -C builddir=$(BUILD) .
	touch $@

clean:
	rm -rf build $(VENV)/.installed
