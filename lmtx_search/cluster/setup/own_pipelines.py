"""Takes the pipelines of others off the product's own indices."""

from __future__ import annotations

from collections.abc import Iterator

from opensearchpy import OpenSearch

from lmtx_search.cluster.client import names
from lmtx_search.cluster.setup.steps import Request, Step

_OWN = ",".join(f"{name}*" for name in names.OWN)


def own_pipeline_steps(client: OpenSearch) -> Iterator[Step]:
    """Yield a step for each of the product's own indices whose documents go through a pipeline.

    Such an index was created by an earlier release, and took the pipeline from a template for all
    indices. A field that the pipeline adds makes the index refuse every document.
    """
    params = {"flat_settings": "true", "expand_wildcards": "all"}
    # Reading settings alone needs a right that nothing else here needs.
    found = client.indices.get(index=_OWN, params=params)
    for name, answer in sorted(found.items()):
        pipelines = {
            key: pipeline
            for key in ("index.default_pipeline", "index.final_pipeline")
            if (pipeline := answer["settings"].get(key, "_none")) != "_none"
        }
        if pipelines:
            request = Request("PUT", f"/{name}/_settings", dict.fromkeys(pipelines, "_none"))
            told = ", ".join(sorted(set(pipelines.values())))
            yield Step(f"index {name}, no longer through {told}", request, replaces=True)
