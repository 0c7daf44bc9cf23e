# lmtx-search with everything that training needs; `docker build --build-arg EXTRAS=judge .` makes
# an image without torch, which serves and ingests.
FROM python:3.12-slim

ARG EXTRAS=train,evaluation,openvino

WORKDIR /src
COPY pyproject.toml README.md ./
COPY lmtx_search lmtx_search
COPY cli cli
COPY index_templates index_templates
RUN pip install --no-cache-dir ".[${EXTRAS}]" \
    && useradd --create-home lmtx \
    && install -d -o lmtx -g lmtx /data /work

USER lmtx
WORKDIR /work
ENTRYPOINT ["lmtx-search"]
CMD ["--help"]
