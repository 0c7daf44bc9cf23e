import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import org.apache.hc.core5.http.HttpHost;
import org.opensearch.client.json.jackson.JacksonJsonpMapper;
import org.opensearch.client.opensearch.OpenSearchClient;
import org.opensearch.client.opensearch._helpers.bulk.BulkIngester;
import org.opensearch.client.opensearch._helpers.bulk.BulkListener;
import org.opensearch.client.opensearch.core.BulkRequest;
import org.opensearch.client.opensearch.core.BulkResponse;
import org.opensearch.client.opensearch.core.bulk.BulkOperation;
import org.opensearch.client.transport.BackoffPolicy;
import org.opensearch.client.transport.httpclient5.ApacheHttpClient5TransportBuilder;

/**
 * Writes the documents on standard input (JSON lines) into an index, alias or data stream:
 * {@code java Bulk ADDRESS NAME index|create <docs.jsonl}, and prints {"refused": [ids]}.
 */
final class Bulk {
  private static final ObjectMapper JSON = new ObjectMapper();

  public static void main(String[] args) throws Exception {
    String name = args[1];
    boolean create = args[2].equals("create");
    Queue<String> refused = new ConcurrentLinkedQueue<>();
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));

    var transport = ApacheHttpClient5TransportBuilder.builder(HttpHost.create(args[0]))
        .setMapper(new JacksonJsonpMapper(JSON)) // the default one leaves out fields that are null
        .build();
    var client = new OpenSearchClient(transport);
    try (BulkIngester<String> ingester = BulkIngester.of(b -> b
        .client(client)
        .backoffPolicy(BackoffPolicy.exponentialBackoff())
        .flushInterval(5, TimeUnit.SECONDS)
        .listener(new Refusals(refused)))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        Map<?, ?> document = JSON.readValue(line, Map.class);
        String id = (String) document.get("id");
        ingester.add(operation(create, name, id, document), id);
      }
    }

    transport.close();
    System.out.println(JSON.writeValueAsString(Map.of("refused", refused)));
  }

  private static BulkOperation operation(boolean create, String name, String id, Map<?, ?> document) {
    return create
        ? BulkOperation.of(o -> o.create(c -> c.index(name).id(id).document(document)))
        : BulkOperation.of(o -> o.index(c -> c.index(name).id(id).document(document)));
  }

  /** The ids of the documents that were not written, for whatever reason. */
  private record Refusals(Queue<String> ids) implements BulkListener<String> {
    @Override
    public void beforeBulk(long number, BulkRequest request, List<String> contexts) {}

    @Override
    public void afterBulk(long number, BulkRequest request, List<String> contexts, BulkResponse answer) {
      answer.items().stream().filter(item -> item.error() != null).forEach(item -> ids.add(item.id()));
    }

    @Override
    public void afterBulk(long number, BulkRequest request, List<String> contexts, Throwable failure) {
      ids.addAll(contexts);
    }
  }
}
