# The studio of a department, as docs/studio-department.md tells: docker build -t byhand .
FROM python:3.13-slim-trixie AS base
# Pango, for PDF. Debian's updates of a release mend holes, and change nothing else.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libharfbuzz-subset0 libpango-1.0-0 libpangoft2-1.0-0 \
    && rm -rf /var/lib/apt/lists/*

FROM base AS build
WORKDIR /src
COPY . .
# BYHAND_BRINGS: the first pages of all sheets are made now, which takes minutes, and not while somebody waits. They
# count for these versions of what makes them, so the wheel is built with the pinned ones, too.
RUN pip install --no-cache-dir -c constraints.txt build \
    && BYHAND_BRINGS=all PIP_CONSTRAINT=/src/constraints.txt python -m build --wheel
RUN python -m venv /opt/byhand \
    && /opt/byhand/bin/pip install --no-cache-dir -c constraints.txt "$(echo dist/*.whl)[studio,docx,ipynb,onnx,xlsx]"

FROM base
RUN useradd --uid 10001 --create-home byhand && install -d -o byhand -m 700 /papers
COPY --from=build /opt/byhand /opt/byhand
ENV PATH=/opt/byhand/bin:$PATH
USER 10001
VOLUME /papers
EXPOSE 8080
HEALTHCHECK --interval=30s --timeout=5s --start-period=20s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8080/health', timeout=4)"]
CMD ["byhand", "studio", "--host", "0.0.0.0", "--port", "8080", "--folder", "/papers"]
