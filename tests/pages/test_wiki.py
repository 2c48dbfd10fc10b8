"""HTML of Jira's wiki markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from xray_pages.wiki import render_wiki


BLOCKS = {"p", "pre", "blockquote", "h4", "h5", "h6", "ul", "ol", "li", "hr", "br"}
INLINE = {"strong", "em", "del", "ins", "code", "a"}
KNOWN = BLOCKS | INLINE | {"div", "table", "tr", "th", "td"}


@pytest.mark.parametrize(
    ("text", "rendered"),
    [
        ("plain", "<p>plain</p>"),
        ("one\ntwo\n\nthree", "<p>one<br>two</p><p>three</p>"),
        (
            "*bold* _soft_ -gone- +new+",
            "<p><strong>bold</strong> <em>soft</em> <del>gone</del> <ins>new</ins></p>",
        ),
        ("2*3*4 a_b_c", "<p>2*3*4 a_b_c</p>"),
        ("{{code}}", "<p><code>code</code></p>"),
        ("{noformat}\n<b> *x*\n{noformat}", "<pre>&lt;b&gt; *x*</pre>"),
        ("{code:title=a.py|python}\nx\n{code}", "<pre>x</pre>"),
        ("{quote}yes{quote}", "<blockquote><p>yes</p></blockquote>"),
        ("h1. Title", "<h4>Title</h4>"),
        ("* a\n* b\ntext", "<ul><li>a</li><li>b</li></ul><p>text</p>"),
        ("# a", "<ol><li>a</li></ol>"),
        ("----", "<hr>"),
        (
            "||a||b||\n|1|2|",
            (
                '<div class="wide"><table><tr><th>a</th><th>b</th></tr>'
                "<tr><td>1</td><td>2</td></tr></table></div>"
            ),
        ),
        (
            "[docs|https://a.example/x]",
            '<p><a href="https://a.example/x" rel="noreferrer">docs</a></p>',
        ),
        (
            "see https://a.example/x.",
            '<p>see <a href="https://a.example/x" rel="noreferrer">https://a.example/x</a>.</p>',
        ),
        ("[x|javascript:alert(1)]", "<p>[x|javascript:alert(1)]</p>"),
        ("<script>", "<p>&lt;script&gt;</p>"),
        ("", ""),
    ],
)
def test_what_comments_have(text: str, rendered: str) -> None:
    """Each notation that comments of Test Runs have becomes HTML."""
    assert render_wiki(text) == rendered


@given(st.text(alphabet='<>"&*_-+{}[]|#h1. \nnoformatcodehttps://x', max_size=80))
def test_no_text_becomes_an_element_of_its_own(text: str) -> None:
    """Whatever the text is, only the elements of this markup come out."""
    found = html.fragment_fromstring(str(render_wiki(text)), create_parent="div")

    assert {each.tag for each in found.iter()} <= KNOWN
    assert {name for each in found.iter() for name in each.attrib} <= {
        "href",
        "rel",
        "class",
    }
    links = [each.get("href", "") for each in found.iter("a")]
    assert all(link.startswith(("http://", "https://", "mailto:")) for link in links)
