//! Recall and false alarms, against a library of 10,000 different pictures that are drawn, and of the photos in the folder
//! that PRIMA_TEST_PHOTOS names, if one is named.

use std::{collections::HashMap, thread};

use crate::{
    scenes::{Change, draw, jpeg},
    *,
};

const LIBRARY: u64 = 10_000;
/// Pictures of the library that are changed, each in every way.
const CHANGED: u64 = 100;
/// Pictures that are not in the library.
const DIFFERENT: u64 = 500;

/// As the table of fingerprints and its index are.
#[derive(Default)]
struct Library {
    pictures: Vec<([i64; HASHES], Vec<u8>)>,
    bands: HashMap<i32, Vec<usize>>,
}

impl Library {
    fn add(&mut self, fingerprint: &Fingerprint) {
        for band in fingerprint.bands() {
            self.bands.entry(band).or_default().push(self.pictures.len());
        }
        let hashes = fingerprint.hashes.map(u64::cast_signed);
        self.pictures.push((hashes, fingerprint.descriptor.clone()));
    }

    /// The picture that a content is found to be, and how many candidates the index had.
    fn find(&self, fingerprint: &Fingerprint) -> (Option<usize>, usize) {
        let probes = fingerprint.probes();
        let mut candidates: Vec<usize> =
            probes.iter().filter_map(|band| self.bands.get(band)).flatten().copied().collect();
        candidates.sort_unstable();
        candidates.dedup();
        let count = candidates.len();
        let close =
            closest(fingerprint, candidates.into_iter().map(|picture| (picture, self.pictures[picture].0)));
        (close.into_iter().find(|picture| is_same(fingerprint, &self.pictures[*picture].1)), count)
    }
}

/// Does the same for all numbers on all cores, in order.
fn each<T: Send>(numbers: std::ops::Range<u64>, work: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(2, |cores| cores.get() as u64);
    let part = (numbers.end - numbers.start).div_ceil(cores).max(1);
    thread::scope(|scope| {
        let parts: Vec<_> = (numbers.start..numbers.end)
            .step_by(part as usize)
            .map(|from| {
                let (work, until) = (&work, (from + part).min(numbers.end));
                scope.spawn(move || (from..until).map(work).collect::<Vec<T>>())
            })
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect()
    })
}

fn fingerprint(bytes: &[u8]) -> Fingerprint {
    examine(bytes).unwrap().fingerprint.unwrap()
}

/// The photos of a folder, if one is named.
fn photos() -> Vec<image::RgbImage> {
    let Some(folder) = std::env::var_os("PRIMA_TEST_PHOTOS") else { return Vec::new() };
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.iter().filter_map(|file| image::open(file).ok()).map(|photo| photo.to_rgb8()).collect()
}

#[test]
fn pictures_are_found_after_each_change_and_different_ones_are_not() {
    let mut library = Library::default();
    let photos = photos();
    let drawn = each(0..LIBRARY, |seed| fingerprint(&jpeg(&draw(seed), 90)));
    let photographed = each(0..photos.len() as u64, |photo| fingerprint(&jpeg(&photos[photo as usize], 90)));
    drawn.iter().chain(&photographed).for_each(|picture| library.add(picture));
    println!("library: {} drawn, {} photos", drawn.len(), photographed.len());
    for change in Change::ALL {
        let of = |picture: &image::RgbImage, number: u64, at: usize| {
            library.find(&fingerprint(&change.of(picture, number))).0 == Some(at)
        };
        let found = each(0..CHANGED, |seed| of(&draw(seed), seed, seed as usize));
        let photos_found = each(0..photos.len() as u64, |photo| {
            of(&photos[photo as usize], photo, drawn.len() + photo as usize)
        });
        let count = |found: &[bool]| found.iter().filter(|found| **found).count();
        println!(
            "{change:?}: {} of {CHANGED} drawn, {} of {} photos are found",
            count(&found),
            count(&photos_found),
            photos.len()
        );
        assert!(count(&found) * 100 >= 95 * found.len(), "{change:?}");
    }
    let different =
        each(LIBRARY..LIBRARY + DIFFERENT, |seed| library.find(&fingerprint(&jpeg(&draw(seed), 90))));
    let alarms = different.iter().filter(|(found, _)| found.is_some()).count();
    let candidates = different.iter().map(|(_, candidates)| candidates).sum::<usize>() / different.len();
    println!(
        "different: {alarms} false alarms of {DIFFERENT}; the index had {candidates} candidates in the mean"
    );
    assert!(alarms * 100 <= different.len());
}
