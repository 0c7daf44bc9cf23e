"""Writes the documents on standard input (JSON lines) into an index, alias or data stream.

python bulk.py ADDRESS NAME index|create <docs.jsonl   prints {"refused": [ids]}.
"""

import asyncio
import json
import sys

from opensearchpy import AsyncOpenSearch
from opensearchpy.helpers import async_streaming_bulk


async def write(address, name, action, documents):
    refused = []

    async with AsyncOpenSearch(address, timeout=120) as client:
        actions = (
            {"_op_type": action, "_index": name, "_id": document["id"], "_source": document}
            for document in documents
        )
        async for done, item in async_streaming_bulk(
            client, actions, max_retries=8, raise_on_error=False
        ):
            if not done:
                refused.append(item[action]["_id"])

    return refused


if __name__ == "__main__":
    documents = [json.loads(line) for line in sys.stdin]
    refused = asyncio.run(write(*sys.argv[1:], documents))
    print(json.dumps({"refused": refused}))
