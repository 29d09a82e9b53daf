# What building the documents needs: Python 3.11, the packages of requirements.lock, LaTeX. The project
# itself is mounted, so that one image serves every commit with the same lock file:
#   docker build --tag colophon .
#   docker run --rm --user "$(id -u):$(id -g)" --volume "$PWD:/project" colophon make report FROZEN=1 PROFILE=laptop
FROM debian:bookworm-20260918-slim

WORKDIR /opt/colophon
ENV VENV=/opt/colophon/.venv PYTHON=python3.11 HOME=/tmp LANG=C.UTF-8

# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates git make python3.11 python3.11-venv \
    && rm -rf /var/lib/apt/lists/* \
    && git config --system --add safe.directory /project

COPY Makefile ./
COPY tools/ tools/
RUN make latex && rm -rf /var/lib/apt/lists/*
COPY requirements.lock ./
RUN make setup

WORKDIR /project
CMD ["make", "report"]
