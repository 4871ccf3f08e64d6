"""Tables that fit, and prose that wraps."""

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from harness.cli.layout import NARROWEST, Shape, table_lines, wrapped

LONG = "free text of many words that does not fit beside the other columns of this table"


def shape(*, right=(), wrap=(), cut=(), ids=()) -> Shape:
    return Shape(right=frozenset(right), wrap=frozenset(wrap), cut=frozenset(cut), ids=frozenset(ids))


def test_numbers_are_aligned_to_the_right_and_no_line_ends_in_blanks():
    assert table_lines(["id", "n"], [["a", "5"], ["long", "10"]], shape(right=["n"]), 40) == [
        "id     n",
        "a      5",
        "long  10",
    ]


def test_an_id_is_never_folded():
    name = "vendor/" + "x" * 200
    lines = table_lines(["model", "says"], [[name, LONG]], shape(wrap=["says"]), 60)
    assert any(name in line for line in lines)


def test_a_name_loses_its_middle_only_when_nothing_else_gives_way():
    name = "django__django-" + "x" * 30 + "-11999"
    kept = shape(cut=["why"], ids=["task"])
    assert table_lines(["task", "why"], [[name, LONG]], kept, 80)[1].startswith(f"{name}  free text")
    assert table_lines(["task", "why"], [[name, LONG]], kept, 40)[1] == "django__djang…xxxxxx-11999  free text o…"
    assert table_lines(["task"], [["日本" * 20]], kept, 20)[1] == "日本日本日…日本日本"


def test_free_text_is_wrapped_in_its_own_column():
    lines = table_lines(["id", "why"], [["a", LONG]], shape(wrap=["why"]), 40)
    assert len(lines) > 2
    assert all(len(line) <= 40 for line in lines)
    assert [line[:4] for line in lines[2:]] == ["    "] * (len(lines) - 2)


def test_free_text_is_cut_where_its_beginning_is_enough():
    head, line = table_lines(["id", "why"], [["a", LONG]], shape(cut=["why"]), 40)
    assert head == "id  why"
    assert line.endswith("…")
    assert len(line) <= 40


def test_a_cell_is_one_line_whatever_a_model_wrote():
    assert table_lines(["a"], [["one\ntwo"]], shape(), 40) == ["a", "one two"]


def test_without_names_the_columns_are_as_narrow_as_their_cells():
    assert table_lines(["a long name", "b"], [["x", "y"]], shape(), 40, head=False) == ["", "x  y"]


def test_a_table_without_rows_is_its_header():
    assert table_lines(["a", "b"], [], shape(), 40) == ["a  b"]


def test_prose_keeps_paths_and_empty_lines():
    path = "/a/very/long/path/that/does/not/fit/anywhere.html"
    assert wrapped(f"see {path}\n\nend", 20, indent="  ") == ["  see", f"  {path}", "", "  end"]


words = st.text(st.characters(codec="utf-8", exclude_categories=["Cc", "Cs", "Cf", "Mn", "Me"]), max_size=30)


@given(st.lists(st.tuples(words, words, words), max_size=5), st.integers(40, 120))
def test_lines_fit_where_the_flexible_columns_can_give_way(rows, width):
    kept = shape(right=["n"], wrap=["why"], cut=["said"])
    lines = table_lines(["n", "why", "said"], [list(row) for row in rows], kept, width)
    fixed = max([1, *(cell_len(" ".join(row[0].split("\n"))) for row in rows)])
    longest_word = max([0, *(cell_len(word) for row in rows for word in row[1].split())])
    room = max(width, fixed + 2 * NARROWEST + 4)
    assert all(cell_len(line) <= max(room, fixed + 4 + longest_word + 30) for line in lines)
    assert all(line == line.rstrip() for line in lines)
