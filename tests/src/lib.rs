//! The suite as its users meet it, and the rules of its own house; and the fault run, which is a test that may take long.

pub mod faults;

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod marks;
