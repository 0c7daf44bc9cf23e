// Command bulk writes the documents on standard input (JSON lines) into an index, alias or data
// stream:
//
//	bulk ADDRESS NAME index|create <docs.jsonl
//
// and prints {"refused": [ids]}.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"log"
	"net/http"
	"os"
	"sync"

	"github.com/opensearch-project/opensearch-go/v4"
	"github.com/opensearch-project/opensearch-go/v4/opensearchapi"
	"github.com/opensearch-project/opensearch-go/v4/opensearchutil"
)

func main() {
	address, name, action := os.Args[1], os.Args[2], os.Args[3]
	ctx := context.Background()
	refused := []string{}
	var lock sync.Mutex

	client, err := opensearchapi.NewClient(opensearchapi.Config{Client: opensearch.Config{
		Addresses:     []string{address},
		RetryOnStatus: []int{http.StatusTooManyRequests, 502, 503, 504},
		MaxRetries:    8,
	}})
	must(err)
	indexer, err := opensearchutil.NewBulkIndexer(opensearchutil.BulkIndexerConfig{
		Client:  client,
		Index:   name,
		OnError: func(_ context.Context, err error) { log.Print(err) },
	})
	must(err)
	onFailure := func(_ context.Context, item opensearchutil.BulkIndexerItem, _ opensearchapi.BulkRespItem, _ error) {
		lock.Lock()
		defer lock.Unlock()
		refused = append(refused, item.DocumentID)
	}

	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		document := bytes.Clone(lines.Bytes())
		var known struct{ ID string }
		must(json.Unmarshal(document, &known))
		must(indexer.Add(ctx, opensearchutil.BulkIndexerItem{
			Action:     action,
			DocumentID: known.ID,
			Body:       bytes.NewReader(document),
			OnFailure:  onFailure,
		}))
	}
	must(lines.Err())
	must(indexer.Close(ctx))

	must(json.NewEncoder(os.Stdout).Encode(map[string][]string{"refused": refused}))
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
