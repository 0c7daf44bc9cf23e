"""The results of `lmtx-search facets` with the names of tags in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from lmtx_search.cluster.client.connect import Client
from lmtx_search.cluster.facets.cooccurrence import Together
from lmtx_search.cluster.facets.counts import Facets
from lmtx_search.cluster.facets.over_time import Stretch
from lmtx_search.cluster.facets.reader_language import missing_language, names_in


@dataclass(frozen=True, slots=True)
class Names:
    """What is shown in place of tags; a tag that is not in ``by_tag`` is shown itself.

    ``note`` says that no label has a name in the language ("": one has).
    """

    by_tag: Mapping[str, str]
    note: str = ""

    @classmethod
    def of(
        cls,
        client: Client,
        language: str | None,
        found: Facets,
        groups: Sequence[Together],
        stretches: Sequence[Stretch],
    ) -> Names:
        """Return the names of all tags in the results (none without a language)."""
        if language is None:
            return cls({})
        tags = [tag for tag, _ in found.tags]
        tags += [tag for example in found.examples for tag, _ in example.tags]
        tags += [tag for example in found.examples for tag in example.manual]
        tags += [tag for group in groups for tag in group.tags]
        tags += [other.tag for group in groups for other in group.companions]
        tags += [tag for stretch in stretches for tag, _ in stretch.tags]
        return cls(names_in(client, tags, language), missing_language(client, tags, language))

    def __call__(self, tag: str) -> str:
        """Return what is shown for a tag."""
        return self.by_tag.get(tag, tag)

    def facets(self, found: Facets) -> Facets:
        """Return the counts with the names."""
        return replace(found, tags=[(self(tag), count) for tag, count in found.tags])

    def group(self, group: Together) -> Together:
        """Return the tags of a group and those that occur with them with their names."""
        return replace(
            group,
            tags=[self(tag) for tag in group.tags],
            companions=[replace(other, tag=self(other.tag)) for other in group.companions],
        )

    def stretch(self, stretch: Stretch) -> Stretch:
        """Return a period with the names of its most frequent tags."""
        return replace(stretch, tags=[(self(tag), count) for tag, count in stretch.tags])
