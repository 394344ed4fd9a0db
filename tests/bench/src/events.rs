//! How facts travel: the group `events`. The relay and the consumers are those of the services' processes.

mod chain;
mod consumer;
mod effect;
mod hot_table;
mod relay;
mod reports;
mod write_cost;

use crate::Entry;

const GROUP: &str = "events";

/// The group's rows, in the order in which they are measured.
pub(crate) const ENTRIES: [Entry; 6] = [
    Entry {
        group: GROUP,
        row: "relay_drain_vs_publish",
        what: "the relay drains 100,000 pending events; raw JetStream publish of the same messages, window 256",
        measure: |bed| Box::pin(relay::measure(bed)),
    },
    Entry {
        group: GROUP,
        row: "consumer_vs_pull",
        what: "a consumer with inbox and projection takes 30,000 events; raw pull-consume with explicit acks",
        measure: |bed| Box::pin(consumer::measure(bed)),
    },
    Entry {
        group: GROUP,
        row: "chain_vs_file",
        what: "64 callers file with relay, stream, consumer and projection behind them; filing alone",
        measure: |bed| Box::pin(chain::measure(bed)),
    },
    Entry {
        group: GROUP,
        row: "commit_to_effect",
        what: "from the commit of a report to the commit of its effect in another service, at 500 reports/s",
        measure: |bed| Box::pin(effect::measure(bed)),
    },
    Entry {
        group: GROUP,
        row: "outbox_write_cost",
        what: "the transaction of a filing with event and outbox, 64 callers; without them",
        measure: |bed| Box::pin(write_cost::measure(bed)),
    },
    Entry {
        group: GROUP,
        row: "hot_table",
        what: "the outbox's size after 1,000,000 events while a transaction is open; a read of 256 afterwards",
        measure: |bed| Box::pin(hot_table::measure(bed)),
    },
];
