"""The text of LaTeX as reference managers write it."""

import pytest

from lmtx_search.sources.latex_text import LatexReader


@pytest.mark.parametrize(
    ("latex", "text"),
    [
        (r"\texttt{pip} in {\textsf{Python}}, \mbox{COVID-19}", "pip in Python, COVID-19"),
        (r"p {\textless} 5 {\textgreater} 3{\textbar}4", "p < 5 > 3|4"),
        (r"a{\textunderscore}b \textbraceleft{} \textminus{} \S{}3", "a_b { \u2212 \u00a73"),
        (r"{\textbeta}-cells, 10\,km, hy\-phen", "\u03b2-cells, 10 km, hyphen"),
        (r"\title{T} \noopsort{1973b}1973", "T 1973"),
        (r"50% of \& $\alpha$", r"50% of & $\alpha$"),
        (r"\citetext{see} \Citep{key}", "see "),
    ],
)
def test_words_and_signs_stay(latex, text):
    reader = LatexReader()
    assert reader.text(latex) == text
    assert all(name == "citetext" for name in reader.unknown)


@pytest.mark.parametrize("command", ["input", "include"])
def test_no_file_is_read(tmp_path, command):
    (tmp_path / "secret.tex").write_text("secret")
    assert "secret" not in LatexReader().text(rf"\{command}{{{tmp_path}/secret}}")


@pytest.mark.parametrize(
    "command",
    ["href", "textcolor", "colorbox", "fcolorbox", "sqrt", "footnote", "date", "input", "exercise"],
)
@pytest.mark.parametrize("form", ["\\%s", "\\%s{a}", "a \\%s\n\nb", "{\\%s}"])
def test_a_command_that_lacks_its_arguments_is_no_error(command, form):
    assert command not in LatexReader().text(form % command)
