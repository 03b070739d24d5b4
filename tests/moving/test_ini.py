"""fail2ban's files are read as it reads them: order, includes, and what refers to what."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responder.moving.ini import Ini, UndefinedError


def written(folder: Path, **files: str) -> list[Path]:
    paths = [folder / name.replace("_", ".") for name in files]
    for path, text in zip(paths, files.values(), strict=True):
        path.write_text(text)
    return paths


def test_what_is_read_later_wins_and_keeps_its_line(tmp_path: Path) -> None:
    ini = Ini().read(
        written(tmp_path, jail_conf="[sshd]\nport = ssh\nmaxretry = 5\n", jail_local="[sshd]\n\nmaxretry: 3\n")
    )

    assert ini.text("sshd", "port") == "ssh"
    assert ini.text("sshd", "maxretry") == "3"
    found = ini.get("sshd", "maxretry")
    assert found
    assert found.where == f"{tmp_path}/jail.local:3"


def test_a_value_goes_on_in_indented_lines_and_ends_before_a_remark(tmp_path: Path) -> None:
    text = "[a]\n# no value\nlog = /var/log/a ; behind a blank\n      /var/log/b;c\nempty =\n"
    ini = Ini().read(written(tmp_path, a_conf=text))

    assert ini.text("a", "log") == "/var/log/a\n/var/log/b;c"
    assert ini.text("a", "empty") == ""


def test_options_refer_to_their_section_to_defaults_to_others_and_to_what_they_were(tmp_path: Path) -> None:
    first = "[DEFAULT]\nbase = /srv\nlimit = 5\n[paths]\nlog = %(base)s/log\n"
    first += "[web]\nlog = %(paths/log)s/%(__name__)s 100%%\nlimit = 7\n"
    second = "[web]\nlimit = 1%(known/limit)s\nother = %(default/limit)s\n"
    ini = Ini().read(written(tmp_path, a_conf=first, a_local=second))

    assert ini.text("web", "log") == "/srv/log/web 100%"
    assert ini.text("web", "limit") == "17"
    assert ini.text("web", "other") == "5"
    assert ini.text("web", "limit", {"limit": "given"}) == "given"


def test_files_are_included_before_and_after_with_what_is_local_to_them(tmp_path: Path) -> None:
    written(
        tmp_path,
        common_conf="[D]\nx = common\ny = common\nz = common\n",
        common_local="[D]\ny = local\n",
        late_conf="[D]\nz = late\n",
    )
    top = written(tmp_path, top_conf="[INCLUDES]\nbefore = common.conf\nafter = late.conf\n[D]\nx = top\nz = top\n")

    ini = Ini().read(top)

    assert [ini.text("D", name) for name in "xyz"] == ["top", "local", "late"]


@pytest.mark.parametrize(
    "text", ["[a]\nx = %(x)s\n", "[a]\nx = %(y)s\ny = %(x)s\n", "[a]\nx = %(nowhere)s\n", "[a]\nx = %(no/where)s\n"]
)
def test_what_refers_to_itself_or_to_nothing_is_told(tmp_path: Path, text: str) -> None:
    ini = Ini().read(written(tmp_path, a_conf=text))

    with pytest.raises(UndefinedError):
        ini.text("a", "x")


def test_a_file_that_includes_itself_is_read_once(tmp_path: Path) -> None:
    ini = Ini().read(written(tmp_path, a_conf="[INCLUDES]\nbefore = a.conf\n[a]\nx = 1\n"))

    assert ini.text("a", "x") == "1"


@given(st.text(st.sampled_from("[]ab=:%()s/\n \t;#<>INCLUDESbefore"), max_size=200))
def test_anything_may_stand_in_a_file(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.conf"
    path.write_text(text)

    ini = Ini().read([path])

    for section in ini.sections:
        for option in ini.options(section):
            try:
                ini.text(section, option)
            except UndefinedError:
                continue
