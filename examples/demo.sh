#!/usr/bin/env bash
# The main job on real documents, every command shown before it runs.
#   examples/demo.sh            Debian's own packages and their topical tags
#   examples/demo.sh FOLDER     your own labels.jsonl, train.jsonl, test.jsonl and gold.tsv
set -euo pipefail
cd "$(dirname "$0")/.."
source=${1:+$(realpath "$1")}
mkdir -p demo-run
cd demo-run

bold='' plain=''
if [ -t 1 ]; then
    bold=$(tput bold 2>/dev/null || true) plain=$(tput sgr0 2>/dev/null || true)
fi
say() { printf '\n%s# %s%s\n' "$bold" "$1" "$plain"; }
# What took how long. The list is printed at the end, also after a failure.
took=()
serving=''
run() {
    local from=$SECONDS code=0 failed=''
    printf '%s$%s%s\n' "$bold" "$(printf ' %q' "$@")" "$plain"
    "$@" || code=$? failed=' (failed)'
    took+=("$(printf '%6d s  %s %s%s' $((SECONDS - from)) "$1" "$2" "$failed")")
    return "$code"
}
# The stages of the last run, from its record.
stages() {
    local id
    id=$(lmtx-search runs --most 1 --json |
        python -c 'import json, sys; print(json.load(sys.stdin)["runs"][0]["id"])')
    lmtx-search runs show "$id" --json | python -c '
import json, sys
for name, seconds in json.load(sys.stdin)["seconds"].items():
    if name != "all" and seconds >= 0.5:
        print(f"{seconds:6.0f} s    of this: {name}")'
}
finish() {
    local code=$?
    [ -z "$serving" ] || lmtx-search down >/dev/null 2>&1 || true
    if [ "$code" = 0 ]; then
        printf '\nAll of this took %d seconds:\n' "$SECONDS"
    else
        printf '\nIt failed after %d seconds:\n' "$SECONDS"
    fi
    [ ${#took[@]} -eq 0 ] || printf '%s\n' "${took[@]}"
}
trap finish EXIT
# `make demo` says when it started; before this script, it set everything up.
if [ -n "${DEMO_STARTED:-}" ]; then
    SECONDS=$(($(date +%s) - DEMO_STARTED))
    took+=("$(printf '%6d s  make setup' "$SECONDS")")
fi

# Variables win over the settings file. The demo deletes its data folder, and with the user's
# variables that would be the user's own. Only what the demo itself reads, and where downloads are
# kept, stays.
unset_names=()
for name in $(compgen -e); do
    case ${name^^} in # the commands read variables in any case
    LMTX_JUDGE_RUNTIME | LMTX_CACHE_DIR | LMTX_DEBUG) ;;
    LMTX_*) unset "$name" && unset_names+=("$name") ;;
    esac
done
if [ ${#unset_names[@]} -gt 0 ]; then
    say "The demo has settings of its own, so it leaves out ${unset_names[*]}"
fi

# Each run shows the whole way: yesterday's cluster and models go, downloads stay in the cache.
[ ! -e lmtx-search.toml ] || lmtx-search down >/dev/null 2>&1 || true
[ ! -e lmtx-search.toml ] || lmtx-search down --delete-data --yes >/dev/null
printf 'data_dir = "data"\n' >lmtx-search.toml
# On a CPU, the judge inside the commands is several times as fast as Ollama, which has to be built
# first on a machine that has none. LMTX_JUDGE_RUNTIME=ollama shows the demo with Ollama.
in_process='from lmtx_search.judges.llama_library import open_library; open_library()'
if [ -z "${LMTX_JUDGE_RUNTIME:-}" ] && python -c "$in_process" 2>/dev/null; then
    export LMTX_JUDGE_RUNTIME=llamacpp
fi
# Five hundred answers of this judge taught more than eight hundred of the default one's
# (docs/quality.md), and there it is fast enough for them.
if [ "${LMTX_JUDGE_RUNTIME:-}" = llamacpp ]; then
    printf '\n[ollama]\nmodel = "qwen2.5-coder:1.5b-instruct-q4_K_M"\n' >>lmtx-search.toml
fi

if [ -n "$source" ]; then
    data=$source
else
    say "Real documents: Debian's packages, read with apt's own files"
    run lmtx-search source debian debian-data
    data=debian-data
fi

if [ "${LMTX_JUDGE_RUNTIME:-}" = llamacpp ]; then
    say "The LLM runs inside the commands here (LMTX_JUDGE_RUNTIME=ollama uses an Ollama instead)"
    printf '%s$ export LMTX_JUDGE_RUNTIME=llamacpp%s\n' "$bold" "$plain"
fi
say "An OpenSearch, the LLM's model and the tagger on free ports (you may have your own)"
serving=yes
run lmtx-search up

say "Set the cluster up: templates, label index, tagging pipeline"
run lmtx-search bootstrap-index

say "Your labels, and documents to learn from: no tags on them"
run lmtx-search labels load "$data/labels.jsonl"
run lmtx-search docs load "$data/train.jsonl"

say "The LLM judges what it can in five minutes; the small encoder learns from its answers"
run lmtx-search train --judge-budget "${DEMO_BUDGET:-5m}" --seed 1
mapfile -t -O ${#took[@]} took < <(stages)

say "The trained tagger goes into the ingest pipeline"
run lmtx-search deploy

say "Documents never seen in training are tagged as they are indexed, with no LLM in the way"
run lmtx-search ingest "$data/test.jsonl" --index packages

say "Tags are facets"
run lmtx-search facets --index packages --size 15
run lmtx-search facets --index packages --query "chess" --size 5 --documents 3

say "How good is it? Against the gold tags, which no training has seen"
run lmtx-search evaluate "$data/test.jsonl" --gold "$data/gold.tsv"

say "Stop the servers; the data stays"
run lmtx-search status
run lmtx-search down
serving=''
