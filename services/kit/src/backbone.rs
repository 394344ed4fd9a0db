//! The tasks by which a service takes others' events and looks after its own: started here, ended with the process.

use std::{sync::Arc, time::Duration};

use tokio::{sync::Notify, task::JoinSet};

use crate::{
    events::{
        Audit, Comparer, Comparison, Consumer, Peers, Recall, Retry, Road, StreamCheck, Subscription, recall,
    },
    server::Shell,
};

/// Takes events, tries again those that failed, and compares what came of them with their owners.
pub(crate) fn consume(
    shell: &Shell,
    road: &Road,
    (subscriptions, retry_unit): (Vec<Subscription>, Duration),
    tasks: &mut JoinSet<()>,
) {
    for subscription in subscriptions.clone() {
        let missed = Arc::new(Notify::new());
        if shell.config.peers_file.is_some() && !subscription.handler.projections().is_empty() {
            let comparer = comparer(shell, &subscription, Arc::clone(&missed));
            tasks.spawn(comparer.run(shell.draining.clone()));
        }
        let (database, road) = (shell.database.clone(), road.clone());
        let consumer = Consumer { service: shell.service, subscription, database, road, retry_unit, missed };
        tasks.spawn(consumer.run(shell.draining.clone()));
    }
    if !subscriptions.is_empty() {
        let retry = Retry { subscriptions, database: shell.database.clone(), unit: retry_unit };
        tasks.spawn(retry.run(shell.draining.clone()));
    }
}

/// Does again in a new epoch what was told, until the process drains.
pub(crate) fn recall(shell: &Shell, road: &Road, recalls: Vec<Arc<dyn Recall>>, tasks: &mut JoinSet<()>) {
    for recall in recalls {
        let done = recall::run(recall, (shell.database.clone(), road.clone()), shell.readiness.clone());
        let draining = shell.draining.clone();
        tasks.spawn(async move {
            tokio::select! { () = done => {}, () = draining.cancelled() => {} }
        });
    }
}

/// What compares the aggregates of a subscription's producer.
pub(crate) fn comparer(shell: &Shell, subscription: &Subscription, due: Arc<Notify>) -> Comparer {
    let comparison = Comparison {
        producer: subscription.producer.clone(),
        handler: Arc::clone(&subscription.handler),
        database: shell.database.clone(),
        peers: Peers {
            addresses: shell.config.peers_file.clone(),
            token: shell.config.peers_token_file.clone(),
        },
    };
    Comparer { comparison, pool: shell.relay_pool.clone(), due }
}

/// Sees to it that the stream holds what it acknowledged, and that watchers at other replicas are woken; ended by dropping
/// the set.
pub(crate) fn repair(shell: &Shell, road: &Road) -> JoinSet<()> {
    let mut repair = JoinSet::new();
    let every = Duration::from_secs;
    let (pool, road) = (shell.relay_pool.clone(), road.clone());
    let check = StreamCheck { pool: pool.clone(), road: road.clone() };
    repair.spawn(check.run(every(shell.config.stream_check_seconds)));
    repair.spawn(shell.hub.clone().carry(road.clone()));
    repair.spawn(Audit { pool, road }.run(every(shell.config.stream_audit_seconds)));
    repair
}
