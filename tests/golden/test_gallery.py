"""The pages in reports/gallery/ are those that the starter suite gives, byte for byte."""

import pytest

from tests.golden.gallery import GALLERY, make
from tests.report.parsed import assert_inert

PAGE_BYTES_MAX = 600_000
NAMES = ("ab", "consensus", "evidence", "matrix", "regression")


@pytest.mark.slow
def test_the_gallery_is_up_to_date(tmp_path):
    made = make(tmp_path)
    assert sorted(made) == list(NAMES)
    stale = [name for name, page in made.items() if (GALLERY / f"{name}.html").read_bytes() != page.encode()]
    assert stale == [], "make them again, look at them and commit them: python -m tests.golden.gallery"


@pytest.mark.parametrize("name", NAMES)
def test_a_page_of_the_gallery_is_inert_and_small(name):
    data = (GALLERY / f"{name}.html").read_bytes()
    assert len(data) < PAGE_BYTES_MAX
    assert_inert(data.decode())
