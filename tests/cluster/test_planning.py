"""What bootstrap-index concludes from what a cluster says, without a cluster."""

import pytest

from lmtx_search.cluster.labels.versions import version_body
from lmtx_search.cluster.setup.compare import holds
from lmtx_search.cluster.setup.connector_settings import (
    ML_NODES,
    PRIVATE,
    TRUSTED,
    endpoint_regex,
    needed_settings,
)
from lmtx_search.cluster.setup.requirements import (
    check_engine,
    check_ingest,
    check_plugins,
    check_version,
    versions_of,
)
from lmtx_search.errors import UserError

LOCAL = "http://127.0.0.1:8787"
PLUGINS = ("opensearch-knn", "opensearch-ml", "opensearch-neural-search")


def node(*plugins, **more):
    return {"name": "n1", "plugins": [{"name": plugin} for plugin in plugins], **more}


def test_settings_that_come_back_as_text_and_under_index_are_the_same():
    wanted = {"settings": {"index": {"knn": True}, "number_of_shards": 1}}
    actual = {"settings": {"index": {"knn": "true", "number_of_shards": "1", "uuid": "x"}}}
    assert holds(actual, wanted)


@pytest.mark.parametrize(
    "actual",
    [{}, {"a": {"type": "text"}}, {"a": "keyword"}, {"a": None}],
)
def test_a_missing_or_other_leaf_is_seen(actual):
    assert not holds(actual, {"a": {"type": "keyword"}})


@pytest.mark.parametrize("number", ["2.19.0", "2.20.1", "3.0.0", "3.6.0-SNAPSHOT"])
def test_a_version_that_is_new_enough_is_taken(number):
    assert check_version({"number": number, "distribution": "opensearch"}) == number


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ({"number": "2.18.0", "distribution": "opensearch"}, "upgrade it to 2.19"),
        ({"number": "8.1.0"}, "not OpenSearch"),
        ({}, "not OpenSearch"),
    ],
)
def test_another_version_is_one_clear_line(version, line):
    with pytest.raises(UserError, match=line):
        check_version(version)


def test_a_cluster_without_an_ingest_node_is_one_clear_line():
    managers = {"a": node(roles=["cluster_manager"]), "b": node(roles=["data"])}
    with pytest.raises(UserError, match="no node of the cluster has the role ingest"):
        check_ingest(managers)
    assert check_ingest({**managers, "c": node(roles=["ingest"])}).startswith("1 of 3 nodes")


def test_all_versions_of_a_rolling_upgrade_are_told_and_checked():
    nodes = {"a": node(version="2.19.1"), "b": node(version="3.6.0"), "c": node(version="3.6.0")}
    assert versions_of(nodes) == {"2.19.1": 1, "3.6.0": 2}
    with pytest.raises(UserError, match="upgrade it to"):
        versions_of({**nodes, "d": node(version="2.18.0")})


def test_a_cluster_with_the_plugins_is_taken():
    check_plugins({"x": node(*PLUGINS, "more")}, "3.6.0")


def test_a_node_without_a_plugin_is_named_with_what_to_do():
    nodes = {"x": node(*PLUGINS), "y": node(*PLUGINS[1:], name="n2")}
    with pytest.raises(UserError, match=r"opensearch-knn \(on n2\).*full OpenSearch 3\.6\.0"):
        check_plugins(nodes, "3.6.0")


def test_an_engine_that_a_node_says_it_lacks_is_refused():
    check_engine({"x": node()}, "faiss")
    with pytest.raises(
        UserError, match=r"no faiss libraries: set opensearch\.knn_engine to lucene"
    ):
        check_engine({"x": node(attributes={"lmtx_knn_engines": "lucene"})}, "faiss")


def test_a_plain_cluster_needs_three_settings_for_a_local_tagger():
    values = {ML_NODES: "true", PRIVATE: "false", TRUSTED: ["^https://api.openai.com/.*$"]}
    needed = needed_settings(values, LOCAL, has_ml_nodes=False)
    assert needed == {
        ML_NODES: False,
        PRIVATE: True,
        TRUSTED: ["^https://api.openai.com/.*$", endpoint_regex(LOCAL)],
    }


def test_a_cluster_that_trusts_the_tagger_needs_nothing():
    values = {ML_NODES: "false", PRIVATE: "true", TRUSTED: [r"^http://127\.0\.0\.1:.*$"]}
    assert needed_settings(values, LOCAL, has_ml_nodes=False) == {}


def test_a_public_tagger_on_ml_nodes_needs_only_trust():
    needed = needed_settings({ML_NODES: "true"}, "https://8.8.8.8", has_ml_nodes=True)
    assert list(needed) == [TRUSTED]


@pytest.mark.parametrize("engine", ["lucene", "faiss"])
def test_vectors_of_labels_are_never_compressed_whatever_the_clusters_default_is(engine):
    body = version_body(None, 384, engine)
    assert body["mappings"]["properties"]["embedding"]["compression_level"] == "1x"
