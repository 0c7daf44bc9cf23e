"""The text of LaTeX, as the values of references have it."""

from __future__ import annotations

import logging
import re
from collections import Counter
from typing import Any
from unicodedata import lookup

# In LaTeX this begins a comment; in the values of real files it is a percent sign.
_PERCENT = re.compile(r"(?<!\\)%")
_GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa", "nu",
    "xi", "omicron", "pi", "rho", "sigma", "tau", "upsilon", "phi", "chi", "psi", "omega",
)  # fmt: skip
# Signs that pylatexenc lacks, or replaces by one that looks similar.
_SIGNS = {
    **{f"text{name}": lookup(f"GREEK SMALL LETTER {name}") for name in _GREEK},
    **{"textless": "<", "textgreater": ">", "textbar": "|", "textbardbl": "\u2016"},
    **{"textunderscore": "_", "textquotedbl": '"', "textbraceleft": "{", "textbraceright": "}"},
    **{"textminus": "\u2212", "slash": "/", "textasteriskcentered": "*", "textdots": "\u2026"},
    **{"textasciitilde": "~", "textasciicircum": "^", "textperiodcentered": "\u00b7"},
    **{"S": "\u00a7", "P": "\u00b6", "ddag": "\u2021", "ddagger": "\u2021"},
    **{"pounds": "\u00a3", "textpounds": "\u00a3", "euro": "\u20ac", "EUR": "\u20ac"},
    **{"copyright": "\u00a9", "degree": "\u00b0", "SS": "\u1e9e", "lq": "\u2018", "rq": "\u2019"},
    **{"guillemetleft": "\u00ab", "guillemetright": "\u00bb"},
    **{name: name for name in ("LaTeX", "TeX", "BibTeX")},
    **dict.fromkeys(("quad", "qquad", "enskip", "enspace", "thinspace", "space", "par"), " "),
    **dict.fromkeys(("newline", "linebreak", "nobreakspace", "textemspace", ",", ":", ";"), " "),
    # A soft hyphen would stay inside the word.
    "-": "",
    # No file is read, whatever a reference asks for.
    **dict.fromkeys(("input", "include"), ""),
}
# Commands that pylatexenc reads without their arguments.
_ARGUMENTS = {"href": "{{", "noopsort": "{", "SortNoop": "{", "paragraph": "*[{"}
_LAST = ("href", "textcolor", "colorbox", "fcolorbox", "title", "author", "date", "paragraph")
_AROUND = {"sqrt": "\u221a({})", "footnote": "[{}]"}
# Commands that only change the look of their arguments or of what follows.
_LOOK = {
    "mbox", "fbox", "hbox", "texttt", "textsf", "textup", "textmd", "textnormal",
    "textsuperscript", "textsubscript", "em", "bf", "it", "sl", "sc", "tt", "rm", "sf",
    "bfseries", "itshape", "slshape", "scshape", "upshape", "mdseries", "ttfamily", "rmfamily",
    "sffamily", "normalfont", "tiny", "scriptsize", "footnotesize", "small", "normalsize",
    "large", "Large", "LARGE", "huge", "Huge", "noindent", "protect", "relax", "leavevmode",
    "xspace", "null", "allowbreak", "displaystyle", "centering", "ignorespaces", "keywords",
    "enquote", "uline", "ul", "uppercase", "lowercase", "MakeUppercase", "MakeLowercase", "path",
    "nolinkurl", "/", "!", "@",
}  # fmt: skip
# Commands whose arguments are not text: addresses, colours, keys that references are sorted by.
_UNSEEN = {
    "label", "hypersetup", "selectlanguage", "bibliography", "color", "pagecolor", "hphantom",
    "vphantom", "noopsort", "sortnoop", "citep", "citet", "citealp", "citealt", "citeauthor",
    "citefullauthor", "citenum", "citepalias", "citetalias", "citeyear", "citeyearpar",
    "defcitealias", "usepackage", "setlength", "setcounter", "addcounter",
}  # fmt: skip


class LatexReader:
    """Returns the text of values in LaTeX.

    Attributes:
        unknown: the number of commands without a known meaning, by name; of these, only the
            arguments in braces are read.

    >>> LatexReader().text(r"\\texttt{pip} costs \\textless{} 5\\% of {\\'e}t\\'e")
    'pip costs < 5% of \u00e9t\u00e9'
    """

    def __init__(self) -> None:
        from pylatexenc import latex2text, latexwalker
        from pylatexenc.macrospec import MacroSpec

        self.unknown: Counter[str] = Counter()
        # It logs commands that lack an argument.
        logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)
        # The packages of an exercise sheet give common words a meaning, such as \exercise.
        no = ["latex-ethuebung", "verbatim"]
        parsed = latexwalker.get_default_latex_context_db().filter_context(exclude_categories=no)
        macros = [MacroSpec(name, form) for name, form in _ARGUMENTS.items()]
        parsed.add_context_category("references", macros=macros, prepend=True)
        texts = latex2text.get_default_latex_context_db().filter_context(exclude_categories=no)
        replaced: dict[str, Any] = {
            **_SIGNS,
            **dict.fromkeys(_LAST, _last),
            **{name: _around(form) for name, form in _AROUND.items()},
        }
        specs = [latex2text.MacroTextSpec(name, one) for name, one in replaced.items()]
        texts.add_context_category("references", macros=specs, prepend=True)
        texts.set_unknown_macro_spec(latex2text.MacroTextSpec("", self._other))
        self._parsed = parsed
        self._decoder = latex2text.LatexNodes2Text(latex_context=texts, math_mode="verbatim")

    def text(self, value: str) -> str:
        """Return a value without LaTeX; formulas are not changed.

        Raises:
            RecursionError: the braces are nested too deeply.
        """
        value = _PERCENT.sub(r"\%", value)
        return str(self._decoder.latex_to_text(value, latex_context=self._parsed))

    def _other(self, node: Any, l2tobj: Any) -> str:
        """Return the arguments of a command that has no text of its own."""
        if node.macroname.lower() in _UNSEEN:
            return ""
        if node.macroname not in _LOOK:
            self.unknown[node.macroname] += 1
        return "".join(_arguments(node, l2tobj))


def _arguments(node: Any, decoder: Any) -> list[str]:
    """Return the texts of arguments; a command at the end of a value has none."""
    found = node.nodeargd.argnlist if node.nodeargd else None
    return [decoder.nodelist_to_text([one]) for one in found or ()]


def _last(node: Any, l2tobj: Any) -> str:
    return next(reversed(_arguments(node, l2tobj)), "")


def _around(form: str) -> Any:
    def text(node: Any, l2tobj: Any) -> str:
        inner = _last(node, l2tobj)
        return form.format(inner) if inner else ""

    return text
