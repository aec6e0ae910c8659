"""Files of build contexts: what a word names, and where it goes."""

from __future__ import annotations

import pytest

from rgraph.importing.contexts import (
    MOST_FILES,
    NONE,
    Listing,
    apart,
    context_of,
    copied,
    fits,
    ignoring,
    is_ignored,
    is_there,
    moved,
)
from rgraph.importing.model import Instruction
from tests.unit.importing.reading import file

FILES = {"app.py": 1, "src/a.py": 2, "src/deep/b.py": 3, "b.txt": 4, "with space.txt": 5}


def instructions(text: str) -> tuple[Instruction, ...]:
    return file(f"FROM x\n{text}").stages[0].instructions


@pytest.mark.parametrize(
    ("word", "found"),
    [
        ("app.py", ["app.py"]),
        ("./app.py", ["app.py"]),
        ("/app.py", ["app.py"]),
        ("src", ["src/a.py", "src/deep/b.py"]),
        ("src/", ["src/a.py", "src/deep/b.py"]),
        (".", sorted(FILES)),
        ("*.py", ["app.py"]),
        ("s*", ["src/a.py", "src/deep/b.py"]),
        ("src/?.py", ["src/a.py"]),
        ("*.md", []),
        ("$X", []),
        ("../x", []),
        ("nothing", []),
    ],
)
def test_what_a_word_names(word: str, found: list[str]) -> None:
    assert sorted(fits(word, FILES)) == found


def test_words_of_instructions() -> None:
    text = (
        'COPY --chown=a "app.py" b.txt /x/\n'
        'COPY ["with space.txt", "/y/"]\n'
        "COPY --from=other a b\n"
        "ADD https://example.com/x.tgz app.py /z/\n"
        "COPY <<EOF /w\nx\nEOF\n"
        "RUN --mount=type=bind,source=src,target=/s --mount=type=cache,target=/c x\n"
        "RUN --mount=target=/s --mount=type=bind,from=y,target=/t x\n"
    )
    assert [copied(each) for each in instructions(text)] == [
        ("app.py", "b.txt"),
        ("with space.txt",),
        (),
        ("app.py",),
        (),
        ("src",),
        (".",),
    ]


def test_files_keep_their_path() -> None:
    given = instructions("COPY app.py src /x/\nCOPY missing.txt /y\n")
    made = context_of(given, Listing("web", FILES))
    assert made.prefix == "web"
    assert made.files == (
        ("web/app.py", "web/app.py"),
        ("web/src/a.py", "web/src/a.py"),
        ("web/src/deep/b.py", "web/src/deep/b.py"),
    )
    assert made.missing == ((3, "missing.txt"),)
    first, second = (moved(each, made) for each in given)
    assert (first.original, first.words) == ("COPY web/app.py web/src /x/", ("web/app.py", "web/src", "/x/"))
    assert second == given[1]
    assert (is_there(first, made), is_there(second, made)) == (True, False)


def test_the_root_needs_no_prefix_unless_names_meet() -> None:
    plain = context_of(instructions("COPY app.py /x\n"), Listing("", FILES))
    assert (plain.prefix, plain.files) == ("", (("app.py", "app.py"),))
    for text, listing in (
        ("COPY . /x\n", FILES),
        ("COPY *.py /x\n", FILES),
        ("COPY README.md /\n", {"README.md": 1}),
    ):
        given = instructions(text)
        made = context_of(given, Listing("", listing))
        assert made.prefix == "context"
        assert moved(given[0], made).words[0].startswith("context")
        assert all(name == f"context/{path}" for name, path in made.files)


def test_what_is_lost_is_named_with_its_line() -> None:
    lost = {"src/link": "a symbolic link", "src/a.py": "a file with the mode 0600", "b/c": "no regular file"}
    given = instructions("COPY src /x\nCOPY --chmod=755 src /y\nCOPY app.py /z\n")
    made = context_of(given, Listing("w", FILES, lost))
    assert made.lost == (
        (2, "src/link", "a symbolic link"),
        (2, "src/a.py", "a file with the mode 0600"),
        (3, "src/link", "a symbolic link"),
    )


def test_files_of_others_are_kept_apart() -> None:
    whole = context_of(instructions("COPY . /x\n"), Listing("app", {"open": 1}))
    other = context_of(instructions("COPY app/secret /y\n"), Listing("", {"app/secret": 1, "app/open": 1}))
    alone = context_of(instructions("COPY conf /c\n"), Listing("a", {}))
    found = apart({"app": whole, "root": other, "alone": alone})
    assert found["app"].files == (("context-2/app/open", "app/open"),)
    assert moved(instructions("COPY . /x\n")[0], found["app"]).original == "COPY context-2/app /x"
    assert (found["root"], found["alone"]) == (other, alone)
    assert apart({"app": whole, "alone": alone}) == {"app": whole, "alone": alone}


def test_what_is_missing_is_not_found_in_a_file_of_another_image() -> None:
    (copy,) = instructions("COPY conf /c\n")
    root = context_of([copy], Listing("", {"conf": 1}))
    found = apart({"a": context_of([copy], Listing("a", {})), "root": root})
    assert moved(copy, found["a"]).original == "COPY context-2/a/conf /c"
    assert found["root"] == root


@pytest.mark.parametrize(
    ("word", "moved_to"),
    [("./src/a.py", "w/./src/a.py"), ("src/./a.py", "w/src/./a.py"), ("src/", "w/./src/")],
)
def test_parents_begin_where_they_did(word: str, moved_to: str) -> None:
    (copy,) = instructions(f"COPY --parents {word} /p/\n")
    made = context_of([copy], Listing("w", FILES))
    assert moved(copy, made).words[0] == moved_to


def test_lists_and_mounts_are_moved_too() -> None:
    given = instructions(
        'COPY ["with space.txt", "/y/"]\n'
        "RUN --mount=type=bind,source=src,target=/s x\nRUN --mount=target=/s x\n"
    )
    made = context_of(given, Listing("w", FILES))
    assert [moved(each, made).original for each in given] == [
        'COPY ["w/with space.txt", "/y/"]',
        "RUN --mount=type=bind,source=w/src,target=/s x",
        "RUN --mount=target=/s,source=w x",
    ]


def test_a_whole_repository_is_not_taken_along() -> None:
    many = {f"f{number}": 1 for number in range(MOST_FILES + 1)}
    made = context_of(instructions("COPY . /x\n"), Listing("a", many))
    assert (made.files, made.missing) == ((), ((2, "."),))
    assert context_of(instructions("RUN x\n"), Listing("a", many)) is NONE


@pytest.mark.parametrize(
    ("ignore", "left"),
    [
        ("*.txt\n", ["app.py", "src/a.py", "src/deep/b.py"]),
        ("src\n", ["app.py", "b.txt", "with space.txt"]),
        ("**/*.py\n!src/a.py\n", ["b.txt", "src/a.py", "with space.txt"]),
        ("# comment\n\n/app.py\n", ["b.txt", "src/a.py", "src/deep/b.py", "with space.txt"]),
        ("*\n!src\n", ["src/a.py", "src/deep/b.py"]),
        ("src/*\n", ["app.py", "b.txt", "with space.txt"]),
    ],
)
def test_dockerignore(ignore: str, left: list[str]) -> None:
    patterns = list(ignoring(ignore))
    assert sorted(path for path in FILES if not is_ignored(path, patterns)) == left
