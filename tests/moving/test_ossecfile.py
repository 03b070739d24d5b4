"""An ossec.conf is read as OSSEC reads it, and what it could not read is told with its line."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.errors import UsageError
from responder.moving import ossecfile
from responder.moving.ossecfile import Element


def read(folder: Path, content: str | bytes) -> Element:
    path = folder / "ossec.conf"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return ossecfile.read(path)


def test_several_roots_are_one_and_every_element_knows_its_line(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "<ossec_config>\n <a>1</a></ossec_config>\n\n<other/><ossec_config>\n<b>\n<c> 2 </c></b></ossec_config>",
    )

    assert [(one.tag, one.line) for one in found.inside] == [("a", 2), ("b", 5)]
    assert found.all("b")[0].inside == (Element("c", 6, "2", ()),)


def test_of_several_the_last_counts(tmp_path: Path) -> None:
    found = read(tmp_path, "<ossec_config><a>1</a><b>x</b><a>2</a></ossec_config>")

    assert (found.get("a"), found.get("nowhere")) == ("2", "")
    assert [one.text for one in found.all("a", "b")] == ["1", "x", "2"]


def test_comments_go_from_their_beginning_to_the_first_end_whatever_is_inside(tmp_path: Path) -> None:
    """And they part what stands around them."""
    text = "<!-- a -- <b> -->\n<ossec_config><!> & \n<a>0</a> !><a>1<!---->2</a><!--->--></ossec_config>"

    found = read(tmp_path, text)

    assert found.inside == (Element("a", 3, "1 2", ()),)


def test_signs_that_ossec_takes_as_they_are_do_no_harm(tmp_path: Path) -> None:
    """A declaration, a byte order mark, what is no UTF-8, and signs that XML would have written otherwise."""
    head = '\ufeff<?xml version="1.0"\n encoding="latin1"?>\n<ossec_config>\n<a>x && y \\< &lt; &none;'

    found = read(tmp_path, head.encode() + b" \xff</a></ossec_config>")

    assert found.inside == (Element("a", 4, "x && y \\< &lt; &none; \ufffd", ()),)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("<ossec_config>\n<global>\n</ossec_config>", ":3: this is no XML: mismatched tag"),
        ("<ossec_config>\n<a/>\n<!-- no end\n</ossec_config>", ":3: a comment does not end; write --> behind it"),
        ("<agent_config></agent_config>", ": there is no <ossec_config>; name an ossec.conf"),
        ("", ": there is no <ossec_config>"),
        ("<ossec_config><a x=1/></ossec_config>", ":1: this is no XML"),
        ("<ossec_config/></all>\n<all>", ":2: this is no XML"),
        ("<ossec_config><a\x01/></ossec_config>", ":1: this is no XML"),
    ],
)
def test_what_cannot_be_read_is_told_with_file_and_line(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UsageError) as error:
        read(tmp_path, text)

    assert str(error.value).startswith(f"{tmp_path}/ossec.conf{says}")


def test_a_file_that_is_not_there_a_folder_and_a_device_are_told(tmp_path: Path) -> None:
    for path in (tmp_path / "no.conf", tmp_path, Path("/dev/zero")):
        with pytest.raises(UsageError, match=r"name an ossec\.conf"):
            ossecfile.read(path)


def test_a_document_type_and_its_entities_are_never_read(tmp_path: Path) -> None:
    """``<!`` begins a comment; so no entity is known, let alone expanded."""
    (tmp_path / "secret").write_text("secret")
    entities = f'<!ENTITY out SYSTEM "file://{tmp_path}/secret"><!ENTITY in "secret">'
    body = "<ossec_config><a>&out;&in;</a></ossec_config>"

    with pytest.raises(UsageError, match="a comment does not end"):
        read(tmp_path, f"<!DOCTYPE x [{entities}]>{body}")
    assert read(tmp_path, f"<!DOCTYPE x [{entities}]>-->{body}").get("a") == "&out;&in;"
    with pytest.raises(UsageError, match="this is no XML"):
        read(tmp_path, f"<<!---->!DOCTYPE x>{body}")


def test_depth_is_no_danger(tmp_path: Path) -> None:
    deep = "<a>" * 20_000 + "</a>" * 20_000

    assert len(read(tmp_path, f"<ossec_config>{deep}</ossec_config>").inside) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


@given(
    content=st.binary()
    | st.lists(st.sampled_from([b"<ossec_config>", b"</ossec_config>", b"<!", b"!>", b"<a", b">"])).map(b"".join)
)
def test_anything_may_stand_in_a_file(folder: Path, content: bytes) -> None:
    """Elements come out, or a word on what is wrong."""
    try:
        found = read(folder, content)
    except UsageError:
        return
    assert found.tag == "ossec_config"


@given(texts=st.lists(st.text(st.characters(exclude_characters="<>\\\r\ufffe\uffff", exclude_categories=["Cs", "Cc"]))))
def test_a_text_comes_out_as_it_stands_there(folder: Path, texts: list[str]) -> None:
    body = "\n".join(f"<a>{text}</a>" for text in texts)

    found = read(folder, f"<ossec_config>{body}</ossec_config>")

    assert found.inside == tuple(Element("a", line, text.strip(), ()) for line, text in enumerate(texts, 1))
