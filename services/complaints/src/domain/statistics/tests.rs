//! What is hidden, and how quotients are written.

use jiff::civil::date;

use super::*;

fn cell(area_code: &str, category: &str, filed: i64) -> Cell {
    let key = Key { area_code: area_code.to_owned(), category: category.to_owned(), ..Key::default() };
    Cell { key, figures: Figures { filed, ..Figures::default() }, ..Cell::default() }
}

fn hidden(mut cells: Vec<Cell>) -> Vec<bool> {
    hide(&mut cells, None);
    assert!(cells.iter().all(|cell| !cell.is_hidden || cell.figures == Figures::default()));
    cells.iter().map(|cell| cell.is_hidden).collect()
}

#[test]
fn a_small_cell_is_hidden_and_the_smallest_beside_it_too() {
    let area = |filed| cell("31.74.01.1001", "", filed);
    assert_eq!(hidden(vec![area(9)]), [true]);
    assert_eq!(hidden(vec![area(10)]), [false]);
    let cells =
        vec![cell("31.74.01.1001", "", 3), cell("31.74.01.1002", "", 40), cell("31.74.01.1003", "", 20)];
    assert_eq!(hidden(cells), [true, false, true], "the kecamatan's total less the others would say it");
    let cells =
        vec![cell("31.74.01.1001", "", 3), cell("31.74.02.1001", "", 40), cell("31.74.02.1002", "", 20)];
    assert_eq!(hidden(cells), [true, false, false], "it is all of its kecamatan, which is hidden as well");
}

#[test]
fn two_hidden_cells_that_together_are_few_take_a_third() {
    let cells = vec![cell("", "a", 3), cell("", "b", 4), cell("", "c", 12), cell("", "d", 30)];
    assert_eq!(hidden(cells), [true, true, true, false]);
    let cells = vec![cell("", "a", 6), cell("", "b", 4), cell("", "c", 12), cell("", "d", 30)];
    assert_eq!(hidden(cells), [true, true, false, false]);
}

#[test]
fn what_one_total_hides_no_other_gives_away() {
    let [one, two] = ["31.74.01.1001", "31.74.01.1002"];
    let cells = vec![cell(one, "a", 3), cell(one, "b", 50), cell(two, "a", 60), cell(two, "b", 70)];
    assert_eq!(hidden(cells), [true; 4], "rows and columns are both published");
}

#[test]
fn months_are_hidden_within_their_quarter() {
    let month = |month, filed| Cell {
        key: Key { period: Some(date(2026, month, 1)), ..Key::default() },
        ..cell("", "", filed)
    };
    let mut cells = vec![month(1, 2), month(2, 30), month(3, 20), month(4, 15)];
    hide(&mut cells, Some(Period::Month));
    assert_eq!(cells.iter().map(|cell| cell.is_hidden).collect::<Vec<_>>(), [true, false, true, false]);
    assert!(Period::Quarter.begins_on(date(2026, 4, 1)) && !Period::Quarter.begins_on(date(2026, 5, 1)));
}

#[test]
fn quotients_are_rounded_half_up_once() {
    let figures = Figures { in_time: 2, judged: 3, rating_sum: 1, ratings: 8, ..Figures::default() };
    assert_eq!((figures.in_time_percent().as_str(), figures.rating_mean().as_str()), ("66.67", "0.13"));
    assert_eq!(Figures::default().in_time_percent(), "");
    let all = Figures { in_time: 7, judged: 7, ..Figures::default() };
    assert_eq!(all.in_time_percent(), "100.00");
}
