"""The option ``--query``: one syntax for every command that has it."""

import click

query_option = click.option(
    "--query",
    help="Only documents that match this query, in OpenSearch's query string syntax: "
    "'chess AND year:>2020'.",
)
