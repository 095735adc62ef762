"""Documents as people have read them: whatever changes on paper is seen here."""

import pytest

from posapp.domain.printed import lay_out, text_of
from posapp.domain.qr import parse_qr
from tests.domain.ten_forms import FOLDER, FORMS


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_what_was_read(name: str) -> None:
    make, width = FORMS[name]
    assert text_of(make(), width) + "\n" == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


def test_there_is_a_text_for_each_and_no_other() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.txt")) == sorted(FORMS)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("width", [32, 36, 42, 48])
def test_each_fits_every_paper(name: str, width: int) -> None:
    form = FORMS[name][0]()
    assert max(len(row.text) for row in lay_out(form.lines, width)) <= width
    if form.qr:
        assert parse_qr(form.qr).storage_number == "9282440300314841"
