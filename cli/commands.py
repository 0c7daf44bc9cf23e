"""The commands in the order of the work, each with the place of its code."""

from __future__ import annotations

# Heading → name → (module:attribute, short help). A module is imported when its command is
# called, so that `--help` does not wait for torch.
SECTIONS: dict[str, dict[str, tuple[str, str]]] = {
    "Set up": {
        "init": ("init:init", "Ask a few questions and write the settings file."),
        "up": ("servers:up", "Start an embedded OpenSearch, an Ollama and the tagger."),
        "down": ("servers:down", "Stop these servers; the data stays."),
        "doctor": ("doctor:doctor", "Check every requirement and suggest remedies."),
        "status": ("status:status", "Show the servers, cluster, tagger and documents."),
        "config": ("config:config", "Show each setting and where its value came from."),
        "bootstrap-index": ("bootstrap:bootstrap_index", "Set up the cluster."),
        "completion": ("completion:completion", "Complete commands with the Tab key."),
    },
    "Load labels and training documents": {
        "labels": ("labels:labels", "Load and change the label set."),
        "docs": ("documents:docs", "Load training documents."),
        "source": ("source:source", "Write a public data set as files to load."),
    },
    "Train": {
        "estimate": ("estimate:estimate", "Estimate the cost of a training on this machine."),
        "judge": ("judge:judge", "Ask the judge ahead of training."),
        "train": ("train:train", "Train the encoder on the judge's answers."),
        "runs": ("runs:runs", "List the runs of judge, train, evaluate, deploy, retag and watch."),
        "judgments": ("judgments:judgments", "Export judgments for other tools."),
    },
    "Deploy": {
        "deploy": ("tagger:deploy", "Put a tagger into the ingest pipeline."),
        "serve": ("serve:serve", "Run the HTTP tagger."),
        "taggers": ("taggers:taggers", "List tagger versions and delete unused ones."),
        "rollback": ("rollback:rollback", "Return to an earlier tagger."),
    },
    "Tag documents": {
        "ingest": ("documents:ingest", "Index documents through the tagging pipeline."),
        "attach": ("attach:attach", "Tag new documents of an existing index."),
        "detach": ("attach:detach", "Stop tagging new documents of an index."),
        "retag": ("retag:retag", "Tag the documents of an index again."),
        "tag": ("tagger:tag", "Tag a text, a file or standard input."),
        "history": ("history:history", "Show what happened to the tags of a document."),
    },
    "Search": {
        "facets": ("facets:facets", "Show the tags of an index with their counts."),
        "ui": ("ui:ui", "Serve a web page to search, try the tagger and decide on tags."),
        "dashboards": ("dashboards:dashboards", "Export or import OpenSearch dashboards."),
    },
    "Measure": {
        "evaluate": ("evaluate:evaluate", "Measure against gold tags."),
        "review": ("review:review", "Check tags yourself; training prefers your answers."),
        "watch": ("watch:watch", "Let the judge check recently assigned tags."),
        "compare": ("compare:compare", "Compare with other methods that need no tagged data."),
        "study": ("study:study", "Train with several values of one setting and measure each."),
        "report": ("report:report", "Write a report on a training run as one HTML file."),
    },
}

COMMANDS = {name: where for section in SECTIONS.values() for name, where in section.items()}
