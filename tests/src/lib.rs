//! The suite as its users meet it, and the rules of its own house. Only tests.

#[cfg(test)]
mod architecture;
#[cfg(test)]
mod faults;
#[cfg(test)]
mod flows;
#[cfg(test)]
mod marks;
