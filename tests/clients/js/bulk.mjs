// Writes the documents on standard input (JSON lines) into an index, alias or data stream:
//   node bulk.mjs ADDRESS NAME index|create <docs.jsonl
// and prints {"refused": [ids]}.
import { text } from "node:stream/consumers";
import { Client } from "@opensearch-project/opensearch";

const [address, name, action] = process.argv.slice(2);
const documents = (await text(process.stdin)).split("\n").filter(Boolean).map(JSON.parse);
const refused = [];

const client = new Client({ node: address, requestTimeout: 120_000 });
await client.helpers.bulk({
  datasource: documents,
  onDocument: (document) => ({ [action]: { _index: name, _id: document.id } }),
  flushBytes: 1_000_000,
  retries: 8,
  onDrop: (dropped) => refused.push(dropped.document.id),
});

console.log(JSON.stringify({ refused }));
