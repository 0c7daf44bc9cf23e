"""The sections of the settings: what each value is, its default and its checks."""

from __future__ import annotations

import re
from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    ValidationInfo,
    field_validator,
    model_validator,
)
from pydantic_settings import NoDecode

from lmtx_search.settings.label_bands import LabelBand, label_band
from lmtx_search.settings.paths import maybe_expanded
from lmtx_search.tag_fields import DEFAULT_FIELDS, TagFields
from lmtx_search.untouched import Untouched


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _split_commas(value: object) -> object:
    if not isinstance(value, str):
        return value
    return [part for part in map(str.strip, value.split(",")) if part]


def _checked_address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("must start with http:// or https://")
    parts = urlsplit(value)
    if parts.username is not None or parts.password is not None:
        raise ValueError(
            "must not hold a user or password: set opensearch.user and LMTX_OPENSEARCH_PASSWORD"
        )
    try:
        usable = parts.hostname and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise ValueError("is not an address: http://HOST:PORT is expected")
    return value.rstrip("/")


class OpenSearchSettings(_Section):
    """The address of the cluster, and how to sign in to it."""

    url: str = Field("http://127.0.0.1:9200", description="address of the cluster")
    urls: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="addresses of several nodes of the cluster, instead of url"
    )
    user: str | None = Field(None, description="user name")
    password: SecretStr | None = Field(None, description="password")
    token: SecretStr | None = Field(None, description="bearer token, instead of a user")
    api_key: SecretStr | None = Field(None, description="API key, instead of a user")
    aws_region: str | None = Field(
        None, description="sign requests to Amazon OpenSearch Service in this region"
    )
    client_cert: Path | None = Field(
        None, description="client certificate to sign in with (PEM file)"
    )
    client_key: Path | None = Field(
        None, description="key of client_cert, unless that file holds it (PEM file)"
    )
    ca_file: Path | None = Field(
        None, description="certificate authority that signed the cluster's certificate (PEM file)"
    )
    verify: bool = Field(True, description="check the cluster's certificate")
    timeout: float = Field(60.0, gt=0, description="seconds to wait for a response")
    knn_engine: Literal["lucene", "faiss"] = Field(
        "lucene", description="k-NN engine of new label indices"
    )

    _home = field_validator("client_cert", "client_key", "ca_file")(maybe_expanded)
    _list = field_validator("urls", mode="before")(_split_commas)

    @model_validator(mode="before")
    @classmethod
    def _first_of_urls(cls, values: Any) -> Any:
        urls: Any = _split_commas(values.get("urls")) if isinstance(values, dict) else None
        try:
            return {"url": _checked_address(urls[0]), **values} if urls else values
        except (AttributeError, TypeError, ValueError, LookupError):
            return values  # the check of urls says what is wrong

    @property
    def addresses(self) -> tuple[str, ...]:
        """The addresses of all nodes that requests may go to."""
        return self.urls or (self.url,)

    @field_validator("token", "api_key", "aws_region")
    @classmethod
    def _is_the_only_sign_in(cls, value: object, info: ValidationInfo) -> object:
        for other in ("user", "token", "api_key"):
            if value and other != info.field_name and info.data.get(other):
                raise ValueError(f"opensearch.{other} is set too: use one way to sign in")
        return value

    @field_validator("client_cert")
    @classmethod
    def _is_asked_for(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and not str(info.data.get("url", "https://")).startswith("https://"):
            raise ValueError("needs an https:// address (opensearch.url)")
        return value

    @field_validator("api_key")
    @classmethod
    def _is_api_key(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]+", value.get_secret_value()):
            raise ValueError("must be printable ASCII characters without spaces")
        return value

    @field_validator("client_key")
    @classmethod
    def _has_a_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        if value and not info.data.get("client_cert"):
            raise ValueError("needs the certificate too: set opensearch.client_cert")
        return value

    def within(self, seconds: float) -> OpenSearchSettings:
        """Return these settings with a timeout of at most ``seconds``."""
        return self.model_copy(update={"timeout": min(seconds, self.timeout)})

    @field_validator("url")
    @classmethod
    def _is_url(cls, value: str) -> str:
        return _checked_address(value)

    @field_validator("urls")
    @classmethod
    def _are_urls(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        checked = tuple(dict.fromkeys(map(_checked_address, values)))
        if len({urlsplit(url).scheme for url in checked}) > 1:
            raise ValueError("mixes http:// and https://: all nodes of a cluster use the same")
        return checked


class OllamaSettings(_Section):
    """The judge's servers and model."""

    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("http://127.0.0.1:11434",), min_length=1, description="Ollama servers, comma separated"
    )
    model: str = Field("qwen2.5-coder:0.5b-instruct-q4_K_M", description="the judge's model")
    timeout: float = Field(120.0, gt=0, description="seconds to wait for one answer of the judge")

    _hosts = field_validator("hosts", mode="before")(_split_commas)


class JudgeSettings(_Section):
    """Where the judge runs: Ollama servers, or llama.cpp inside this process."""

    runtime: Literal["ollama", "llamacpp"] = Field(
        "ollama", description="program that runs the judge"
    )
    gguf: Path | None = Field(None, description="model file of the judge, for llamacpp (GGUF file)")
    threads: int = Field(0, ge=0, description="threads of llamacpp (0: all that may be used)")

    _home = field_validator("gguf")(maybe_expanded)


class EncoderSettings(_Section):
    """The bi-encoder that reads documents and labels."""

    name: str = Field(
        "sentence-transformers/all-MiniLM-L6-v2",
        description="public name of the encoder, its folder, or the short name of one that `up` "
        "downloads (multilingual-e5-small)",
    )
    dimension: int | None = Field(
        None, gt=0, description="cut embeddings to this length (default: the encoder's own)"
    )
    document_prompt: str | None = Field(
        None, description="text before each document (default: as the encoder's files say)"
    )
    label_prompt: str | None = Field(
        None, description="text before each label (default: as the encoder's files say)"
    )
    document_tokens: int = Field(
        128, gt=7, description="tokens that the encoder reads of a document"
    )
    label_tokens: int = Field(64, gt=7, description="tokens that the encoder reads of a label")
    windows: int = Field(
        1, ge=1, le=8, description="windows of document_tokens that a tagger reads of a document"
    )
    window_pooling: Literal["mean", "max"] = Field(
        "mean", description="how windows are combined: mean of embeddings, or maximum of scores"
    )


def _other(default: str, description: str) -> Any:
    """Return a setting that is checked against the ones before it, also if it is not set."""
    return Field(default, validate_default=True, description=description)


class DocumentSettings(_Section):
    """The fields of the user's documents."""

    id_field: str = Field("id", description="field that holds the id of a document")
    text_fields: Annotated[tuple[str, ...], NoDecode] = Field(
        ("title", "text"),
        min_length=1,
        description="fields that hold the text of a document, in order",
    )
    training_index: str = Field("lmtx-documents", description="index of training documents")
    broader_tags: bool = Field(
        False, description="write the labels above a document's tags to tags_broader"
    )

    apply_from: float | None = Field(
        None,
        gt=0,
        le=1,
        description="probability from which a label is applied (default: chosen by deploy)",
    )
    suggest_from: float | None = Field(
        None, gt=0, le=1, description="probability from which a label is suggested (default: 0.04)"
    )
    label_bands: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="these probabilities for single labels, by id: ID=APPLY or ID=APPLY/SUGGEST; "
        "1 is never",
    )
    review_first: bool = Field(
        False, description="apply no label: suggest it until a person accepts it"
    )

    untouched_query: str | None = Field(
        None,
        description="documents that are never tagged or changed: a query as JSON, such as "
        '{"term": {"source": "press"}}',
    )

    tags_field: str = Field(DEFAULT_FIELDS.tags, description="field that the tags go into")
    scores_field: str = _other(DEFAULT_FIELDS.scores, "field of the tags' scores")
    broader_field: str = _other(DEFAULT_FIELDS.broader, "field of broader tags")
    manual_field: str = _other(DEFAULT_FIELDS.manual, "field of people's own tags")
    tagging_field: str = _other(DEFAULT_FIELDS.tagging, "field that says when and by which tagger")
    suggested_field: str = _other(DEFAULT_FIELDS.suggested, "field of suggested tags")
    suggestion_scores_field: str = _other(
        DEFAULT_FIELDS.suggestion_scores, "field of the suggestions' scores"
    )
    rejected_field: str = _other(DEFAULT_FIELDS.rejected, "field of tags that people rejected")
    all_field: str = _other(DEFAULT_FIELDS.all, "field that counts tags and manual tags together")

    _fields = field_validator("text_fields", "label_bands", mode="before")(_split_commas)

    @field_validator("training_index")
    @classmethod
    def _is_one_index(cls, value: str) -> str:
        if not value.strip() or not {"*", ","}.isdisjoint(value):
            raise ValueError("is not the name of one index")
        return value

    @field_validator("suggest_from")
    @classmethod
    def _is_no_more(cls, value: float | None, info: ValidationInfo) -> float | None:
        applied = info.data.get("apply_from")
        if value is not None and applied is not None and value > applied:
            raise ValueError("is above documents.apply_from, so nothing would be suggested")
        return value

    @field_validator("label_bands")
    @classmethod
    def _are_bands(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        ids = [label_band(value)[0] for value in values]
        if repeated := [id_ for id_ in ids if ids.count(id_) > 1]:
            raise ValueError(f"names the label {repeated[0]} more than once")
        return values

    @field_validator("untouched_query")
    @classmethod
    def _needs_no_index(cls, value: str | None) -> str | None:
        if value is not None:
            Untouched.of(value)
        return value

    @field_validator(*(f"{purpose}_field" for purpose in DEFAULT_FIELDS.as_dict()))
    @classmethod
    def _is_a_field(cls, value: str, info: ValidationInfo) -> str:
        if not re.fullmatch(r"[^\W_][\w-]*", value) or value.startswith("lmtx_"):
            raise ValueError("is no name of a field: letters, digits, _ and -, a letter first")
        named = [name for name in info.data if name.endswith("_field") and name != "id_field"]
        for other in (*named, "id_field"):
            if info.data.get(other) == value:
                raise ValueError(f"documents.{other} has the same name")
        if value in info.data.get("text_fields", ()):
            raise ValueError(f"{value} is one of documents.text_fields")
        return value

    @property
    def untouched(self) -> Untouched | None:
        """The documents that are never touched (None: there are none)."""
        return None if self.untouched_query is None else Untouched.of(self.untouched_query)

    @property
    def bands_of_labels(self) -> dict[str, LabelBand]:
        """What ``label_bands`` says, by label id."""
        return dict(map(label_band, self.label_bands))

    @property
    def tag_fields(self) -> TagFields:
        """The names of the fields that tagging writes."""
        return TagFields(
            self.tags_field,
            self.scores_field,
            self.broader_field,
            self.manual_field,
            self.tagging_field,
            self.suggested_field,
            self.suggestion_scores_field,
            self.rejected_field,
            self.all_field,
        )


class LabelSettings(_Section):
    """Rules about labels. A tagger has those of its deployment."""

    rules: Path | None = Field(
        None, description="file of rules: labels for people only, or that exclude or imply others"
    )
    max_per_branch: int | None = Field(
        None,
        ge=1,
        description="most tags of a document directly below the same broader label (default: any "
        "number)",
    )

    groups: str | None = Field(
        None,
        description="field of a document that names the group of labels for it, as the file of "
        "rules groups them",
    )

    _home = field_validator("rules")(maybe_expanded)


class ServiceSettings(_Section):
    """The HTTP tagger."""

    host: str = Field("127.0.0.1", description="address that `serve` listens on")
    port: int = Field(8787, ge=0, le=65535, description="port that `serve` listens on")
    url: str | None = Field(None, description="address at which the cluster reaches the tagger")
    token: SecretStr | None = Field(
        None, description="token that requests to the tagger must carry"
    )
    threads: int = Field(0, ge=0, description="threads of the encoder (0: all that may be used)")
    exact_labels: int = Field(
        300_000,
        ge=0,
        description="most labels that are compared exactly; above, the label index is used",
    )

    @field_validator("token")
    @classmethod
    def _is_token(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and not re.fullmatch(r"[!-~]{16,}", value.get_secret_value()):
            raise ValueError("must be at least 16 printable ASCII characters without spaces")
        return value


class UiSettings(_Section):
    """Who may open the web page of `ui`, and who may decide on tags there."""

    user_header: str | None = Field(
        None, description="header in which a proxy names the user who has signed in there"
    )
    proxies: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "::1"),
        description="addresses or networks of that proxy; the header of others is not believed",
    )
    tokens: Annotated[tuple[SecretStr, ...], NoDecode] = Field(
        (), description="tokens to sign in with, as NAME:TOKEN, comma separated"
    )
    editors: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="users who may decide on tags, * for all; the others may only read"
    )
    hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="host names under which the page may be opened, such as a proxy's"
    )

    _lists = field_validator("proxies", "tokens", "editors", "hosts", mode="before")(_split_commas)

    @property
    def signs_in(self) -> bool:
        """Whether visitors have to sign in."""
        return bool(self.user_header or self.tokens)

    @field_validator("user_header")
    @classmethod
    def _is_header(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"[A-Za-z0-9-]+", value):
            raise ValueError("is no name of a header: letters, digits and -")
        return value

    @field_validator("proxies")
    @classmethod
    def _are_networks(cls, values: tuple[str, ...]) -> tuple[str, ...]:
        for value in values:
            try:
                ip_network(value)
            except ValueError as error:
                raise ValueError(f"{value} is neither an IP address nor a network") from error
        return values

    @field_validator("tokens")
    @classmethod
    def _are_tokens(cls, values: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for value in values:
            if not re.fullmatch(r"[\w.@-]+:[!-~]{16,}", value.get_secret_value(), re.ASCII):
                raise ValueError(
                    "must be NAME:TOKEN: a name of letters, digits and . @ _ -, and a token of at "
                    "least 16 printable ASCII characters without spaces and commas"
                )
        named = [value.get_secret_value().partition(":")[0] for value in values]
        if len(set(named)) < len(named):
            raise ValueError("hold two tokens for the same name")
        tokens = [value.get_secret_value().partition(":")[2] for value in values]
        if len(set(tokens)) < len(tokens):
            raise ValueError("hold the same token for two names")
        return values


class DeploySettings(_Section):
    """What `deploy` accepts."""

    least_agreement: float = Field(
        0.5,
        ge=0,
        le=1,
        description="least share of documents on which a static encoder must agree with the "
        "encoder it was distilled from",
    )


class EvaluationSettings(_Section):
    """The propensity model of `evaluate`: A and B of Jain et al. (2016)."""

    propensity_a: float = Field(0.55, ge=0, description="A of the label propensities")
    propensity_b: float = Field(1.5, gt=0, description="B of the label propensities")
