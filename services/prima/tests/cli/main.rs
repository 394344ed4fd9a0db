//! The client as operators meet it: as a process, against a service that serves.

#[cfg(test)]
mod events;
mod history;
#[cfg(test)]
mod ledger;
#[cfg(test)]
mod runbooks;
#[cfg(test)]
mod served;
