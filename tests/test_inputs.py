"""Every path that was named or met is in the stream once, in a stable order, with the reason where it is refused."""

from __future__ import annotations

import os
import random
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakeface.errors import SettingsError, UnreadableEvidence
from fakeface.evidence import seal
from fakeface.inputs import Input, Inputs, parse_list


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with a small tree made in no particular order."""
    monkeypatch.chdir(tmp_path)
    for name in ("b.jpg", "case/z.png", "case/a.jpg", "case/sub/deep/d.gif", "case/sub/c.txt", "case/B.jpg"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return tmp_path


def paths(inputs: Inputs) -> list[str]:
    return [item.path for item in inputs if not item.refused]


def refused(inputs: Inputs) -> list[tuple[str, str]]:
    return [(item.path, item.code) for item in inputs if item.refused]


def test_files_come_in_the_order_of_the_arguments_and_folders_in_the_order_of_bytes(tree: Path) -> None:
    inputs = Inputs(["b.jpg", "case"])
    assert list(inputs) == [
        Input(1, "b.jpg"),
        Input(2, "case/B.jpg", walked=True),
        Input(3, "case/a.jpg", walked=True),
        Input(4, "case/sub/c.txt", walked=True),
        Input(5, "case/sub/deep/d.gif", walked=True),
        Input(6, "case/z.png", walked=True),
    ]
    assert inputs.count() == 6
    assert list(inputs) == list(inputs)


def test_a_file_that_does_not_exist_is_an_input_that_fails_when_it_is_sealed(tree: Path) -> None:
    items = list(Inputs(["gone.jpg", "", "a\0b", "n" * 300, "b.jpg/x"]))
    assert [item.refused for item in items] == [""] * 5
    for item in items:
        with pytest.raises(UnreadableEvidence):
            seal(item.path)


def test_without_recursion_it_says_how_many_sub_folders_were_left_out(tree: Path) -> None:
    (tree / "case" / "other").mkdir()
    items = list(Inputs(["case"], recursive=False))
    assert [item.path for item in items] == ["case/B.jpg", "case/a.jpg", "case/z.png", "case"]
    assert items[-1] == Input(4, "case", "2 sub-folders were not entered (--no-recursive)", "not_entered")
    assert list(Inputs(["case/sub"], recursive=False))[-1].refused.startswith("1 sub-folder was not entered")


def test_links_inside_folders_are_refused_and_named_links_are_followed(tree: Path) -> None:
    (tree / "case" / "link.jpg").symlink_to("../b.jpg")
    (tree / "case" / "up").symlink_to("..")
    (tree / "shortcut").symlink_to("case/sub")
    assert refused(Inputs(["case"])) == [("case/link.jpg", "symlink"), ("case/up", "symlink")]
    assert paths(Inputs(["case/link.jpg", "shortcut"])) == [
        "case/link.jpg",
        "shortcut/c.txt",
        "shortcut/deep/d.gif",
    ]


def test_pipes_inside_folders_are_refused(tree: Path) -> None:
    os.mkfifo(tree / "case" / "pipe.jpg")
    assert refused(Inputs(["case"])) == [("case/pipe.jpg", "not_regular")]


def test_a_file_named_twice_is_examined_once(tree: Path) -> None:
    (tree / "alias.jpg").symlink_to("b.jpg")
    inputs = Inputs(["b.jpg", "./b.jpg", str(tree / "b.jpg"), "case/../b.jpg", "alias.jpg"])
    assert paths(inputs) == ["b.jpg"]
    assert [code for _, code in refused(inputs)] == ["duplicate"] * 4


def test_a_file_and_the_folder_that_holds_it_are_told_apart_in_both_orders(tree: Path) -> None:
    file_first = Inputs(["case/sub/c.txt", "case"])
    assert refused(file_first) == [("case/sub/c.txt", "duplicate")]
    assert file_first.count() == 6
    folder_first = Inputs(["case", "case/sub/c.txt", "b.jpg"])
    assert refused(folder_first) == [("case/sub/c.txt", "duplicate")]
    assert paths(folder_first)[-1] == "b.jpg"
    by_link = tree / "shortcut"
    by_link.symlink_to("case")
    assert refused(Inputs(["case/a.jpg", "shortcut/"])) == [("shortcut/a.jpg", "duplicate")]


def test_a_folder_named_twice_is_walked_once(tree: Path) -> None:
    assert refused(Inputs(["case", "case/"])) == [("case/", "duplicate")]
    inner_first = Inputs(["case/sub", "case"])
    assert refused(inner_first) == [("case/sub", "duplicate")]
    assert sorted(paths(inner_first)) == sorted(paths(Inputs(["case"])))


def test_two_hard_links_are_two_exhibits(tree: Path) -> None:
    os.link(tree / "b.jpg", tree / "c.jpg")
    assert paths(Inputs(["b.jpg", "c.jpg"])) == ["b.jpg", "c.jpg"]


def test_an_empty_folder_is_accounted_for(tree: Path) -> None:
    (tree / "empty" / "er").mkdir(parents=True)
    assert list(Inputs(["empty"])) == [Input(1, "empty", "the folder holds no files", "empty_folder")]


def test_a_folder_that_cannot_be_listed_is_accounted_for(tree: Path) -> None:
    closed = tree / "case" / "sub"
    real = os.scandir

    def scandir(path: bytes) -> object:
        if path == b"case/sub":
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "scandir", scandir)
        items = list(Inputs(["case"]))
    assert closed.is_dir()
    assert [(item.path, item.refused) for item in items if item.code == "unreadable"] == [
        ("case/sub", "the folder cannot be listed: permission denied")
    ]
    assert len(items) == 4


def test_patterns_that_the_shell_left_alone_are_expanded_in_order(tree: Path) -> None:
    (tree / "a.jpg").write_bytes(b"1")
    assert paths(Inputs(["*.jpg"])) == ["a.jpg", "b.jpg"]
    assert paths(Inputs(["case/**/*.gif"])) == ["case/sub/deep/d.gif"]
    assert paths(Inputs(["cas?"])) == paths(Inputs(["case"]))
    assert list(Inputs(["*.heic"])) == [Input(1, "*.heic")]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tree: Path) -> None:
    (tree / "[b].jpg").write_bytes(b"1")
    assert paths(Inputs(["[b].jpg"])) == ["[b].jpg"]


def test_lists_name_files_and_folders_literally(tree: Path) -> None:
    inputs = Inputs(["-", "case/z.png"], standard_input=b"b.jpg\ncase/sub\n", lists=[b"*.jpg\0case/a.jpg"])
    assert paths(inputs) == ["b.jpg", "case/sub/c.txt", "case/sub/deep/d.gif", "case/z.png", "*.jpg", "case/a.jpg"]


def test_standard_input_must_be_there_and_be_named_once() -> None:
    with pytest.raises(SettingsError):
        Inputs(["-"])
    with pytest.raises(SettingsError):
        Inputs(["-", "-"], standard_input=b"")


@pytest.mark.parametrize(
    ("raw", "names"),
    [
        (b"", []),
        (b"a\n\nb", ["a", "b"]),
        (b"a\r\nb c\r\n", ["a", "b c"]),
        (b"\xef\xbb\xbfa\r\n\r\nb\r\n", ["a", "b"]),
        (b"odd\r\nb\n", ["odd\r", "b"]),
        (b"two\nlines\0b\0", ["two\nlines", "b"]),
        (b"\xff.jpg\n", [os.fsdecode(b"\xff.jpg")]),
    ],
)
def test_lists_are_separated_by_newlines_or_nul(raw: bytes, names: list[str]) -> None:
    assert parse_list(raw) == names


def test_hostile_names_pass_through_unharmed(tmp_path: Path) -> None:
    names = [b"\x1b[31m.jpg", b"\xff\xfe.jpg", b"-rf", b"new\nline", b"n" * 255, "\u202egpj".encode()]
    for name in names:
        (Path(os.fsdecode(os.fsencode(tmp_path) + b"/" + name))).write_bytes(b"x")
    found = [os.fsencode(os.path.basename(path)) for path in paths(Inputs([str(tmp_path)]))]
    assert found == sorted(names)
    assert [seal(path).size_bytes for path in paths(Inputs([str(tmp_path)]))] == [1] * len(names)


def test_nesting_deeper_than_pythons_stack_is_walked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for _ in range(1200):
        os.mkdir("d")
        os.chdir("d")
    Path("f.jpg").write_bytes(b"x")
    os.chdir(tmp_path)
    assert paths(Inputs(["d"])) == ["d/" * 1200 + "f.jpg"]
    names = ["/".join(["d"] * depth) for depth in range(1200, 0, -1)]
    os.unlink(names[0] + "/f.jpg")
    for name in names:
        os.rmdir(name)


@settings(max_examples=20)
@given(
    tree=st.sets(st.lists(st.sampled_from(["a", "b", "C", "d.e"]), min_size=1, max_size=3).map(tuple), max_size=12),
    seed=st.integers(0, 99),
)
def test_a_tree_is_walked_whole_and_alike_whatever_the_order_it_was_made_in(
    tree: set[tuple[str, ...]], seed: int
) -> None:
    files = {parts for parts in tree if not any(other[: len(parts)] == parts and other != parts for other in tree)}
    walked = []
    for turn in range(2):
        with tempfile.TemporaryDirectory() as folder:
            order = sorted(files)
            random.Random(seed + turn).shuffle(order)
            for parts in order:
                path = Path(folder, *parts)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"x")
            walked.append([os.path.relpath(path, folder) for path in paths(Inputs([folder]))])
    assert walked[0] == walked[1]
    assert sorted(walked[0]) == sorted("/".join(parts) for parts in files)


def test_notes_beside_pictures_are_companions_but_not_where_they_are_named_or_promise_a_picture(tree: Path) -> None:
    (tree / "case" / "notes.jpg").write_text("no picture")
    companions = {item.path: item.companion for item in Inputs(["case", "b.jpg"])}
    assert [path for path, companion in companions.items() if companion] == ["case/sub/c.txt"]
    assert not next(iter(Inputs(["case/sub/c.txt"]))).companion
