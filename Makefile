# `make` prints a worksheet and its key; `make help` lists the rest.
# To choose a Python: make PYTHON=python3.12

PY = .venv/bin/python

worksheet: setup ## print the flagship's worksheet and key to output/ (the default)
	@.venv/bin/byhand generate

test: setup ## run every test; those of pages for the screen need Chromium, and are skipped without it
	@command -v chromium chromium-browser google-chrome >/dev/null || echo "There is no Chromium: the tests of pages for the screen are skipped; make test-screen installs it"
	@$(PY) -m pytest

test-formats: setup ## install LibreOffice, LaTeX, nbgrader, liblouis, pdf.js and more, and read every format of every sheet back
	@PYTHON='$(PYTHON)' sh tools/setup.sh formats
	@BYHAND_FULL=1 $(PY) -m pytest tests/formats tests/classroom/test_spreadsheet_rosters.py

test-every: setup ## run every test with all sheets, seeds and options: longer; it installs what test-formats does
	@PYTHON='$(PYTHON)' sh tools/setup.sh formats
	@BYHAND_FULL=1 $(PY) -m pytest

attack: setup ## spoil what byhand is given, fill disks, kill it, and count what held: minutes; FULL=1: hours
	@$(PY) tests/attack $(if $(FULL),--full)

mutate: setup ## make a hundred small mistakes in the code, and print which of them the tests do not find; SEED=…: others
	@$(PY) tools/mutate.py $(if $(SEED),--seed $(SEED))

students: setup ## mark simulated students on every sheet, and count what held: a quarter of an hour
	@$(PY) tests/marking

test-screen: setup ## try every worksheet in a browser, with every mistake and option, and with axe; installs Chromium and axe-core
	@sh tools/screen.sh
	@$(PY) -m pytest --every tests/screen tests/marking/test_screen_verdicts.py

test-studio: setup ## try the studio in Chromium and Firefox, by mouse, by keys, on a phone, with axe, and killed; installs both
	@sh tools/studio.sh
	@$(PY) -m pytest --every tests/studio

test-torch: setup ## the same numbers as PyTorch, where it is installed: hundreds of random configurations
	@$(PY) -c "import torch" 2>/dev/null || { echo "make test-torch needs PyTorch: .venv/bin/pip install torch"; exit 1; }
	@$(PY) -m pytest tests/test_torch.py

check: setup ## all that a change must pass: ruff, mypy and the tests
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy
	$(PY) -m pytest

bench: setup ## time the slow parts
	@$(PY) bench/bench.py
	@$(PY) bench/classroom.py
	@$(PY) bench/marking.py

sizes: ## count the lines of code, docs and blanks of each room, beside the last release's, or another commit's: SINCE=…
	@$(PY) tools/sizes.py $(SINCE)

wheel: setup ## build the wheel and the source archive of a release into dist/, with fonts, numbers and pages: half an hour
	@BYHAND_BRINGS=all $(PY) -m build --no-isolation

site: setup ## build the site, the course as a gallery with all its files and docs, in site/; some minutes, and half a minute when made again
	@$(PY) tools/website/make.py

picture: setup ## redraw the pictures of README and docs
	@$(PY) tools/picture.py

setup: ## install what is missing; the targets above do it first
	@PYTHON='$(PYTHON)' sh tools/setup.sh

# In a fresh environment, so that nothing tried out by hand is pinned.
constraints: ## renew constraints.txt, with the oldest Python that byhand runs on
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $${PYTHON:-python3.11} -m venv "$$fresh" && \
	"$$fresh/bin/python" -m pip install --quiet '.[dev,test-formats,test-studio]' && \
	{ echo '# Tested versions of all that is installed. To renew: make constraints sbom'; \
	  "$$fresh/bin/python" -m pip freeze --exclude byhand | sed 's/+.*//' | LC_ALL=C sort -f; } > "$$fresh/pins" && \
	cp "$$fresh/pins" constraints.txt

# In a fresh environment with nothing but what byhand needs to run.
sbom: ## renew byhand.cdx.json, the list of all that byhand needs to run, after constraints.txt
	@fresh=$$(mktemp -d) && trap 'rm -rf "$$fresh"' EXIT && $${PYTHON:-python3.11} -m venv "$$fresh/tool" && \
	"$$fresh/tool/bin/python" -m venv --without-pip "$$fresh/run" && \
	"$$fresh/tool/bin/pip" install --quiet cyclonedx-bom && \
	"$$fresh/tool/bin/pip" --python "$$fresh/run/bin/python" install --quiet -c constraints.txt . && \
	"$$fresh/tool/bin/cyclonedx-py" environment --output-reproducible --pyproject pyproject.toml --of JSON \
	  "$$fresh/run/bin/python" > "$$fresh/found" && $(PY) tools/sbom.py < "$$fresh/found"

audit: ## look the pinned packages up in OSV's list of known vulnerabilities, without network, where it is installed
	@command -v osv-scanner >/dev/null || { echo "make audit is skipped: it needs osv-scanner"; exit 0; }; \
	cache=$${OSV_SCANNER_LOCAL_DB_CACHE_DIRECTORY:-$${XDG_CACHE_HOME:-$$HOME/.cache}}; \
	ls "$$cache"/osv-*/PyPI/all.zip >/dev/null 2>&1 || { \
	  echo "make audit is skipped: osv-scanner has no list of vulnerabilities in $$cache; to get it, with network:"; \
	  echo "osv-scanner scan source --offline-vulnerabilities --download-offline-databases -L requirements.txt:constraints.txt"; \
	  exit 0; }; \
	osv-scanner scan source --offline -L requirements.txt:constraints.txt

clean: ## remove .venv, caches and builds; the worksheets in output/ stay
	@rm -rf .venv .formats .screen build dist site byhand/fonts/built .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## /\1	/p' Makefile | expand -t 14

.PHONY: worksheet test test-formats test-every attack mutate students test-torch test-screen test-studio check bench sizes wheel site picture setup constraints sbom audit clean help
