"""New numbers for a head with two letters."""

from byhand.numbers.letters import with_other_numbers
from byhand.worksheet.sheet import load_sheet


def test_each_seed_has_other_weights_and_the_letters_stay_where_they_are():
    values = load_sheet("attention-in-letters").given(letters=True)
    drawn = [with_other_numbers(values, seed) for seed in (1, 2)]
    assert all(each is not None and each.weights != values.weights for each in drawn)
    assert drawn[0].weights != drawn[1].weights

    def letters(each):
        return {
            (name, i, j): x
            for name, (matrix,) in each.weights.items()
            for i, row in enumerate(matrix)
            for j, x in enumerate(row)
            if isinstance(x, str)
        }

    assert [letters(each) for each in drawn] == [letters(values)] * 2
    assert len(letters(values)) == 2


def test_letters_elsewhere_have_no_numbers_beside_them():
    assert with_other_numbers(load_sheet("attention-head").given(letters=True), 1) is None
