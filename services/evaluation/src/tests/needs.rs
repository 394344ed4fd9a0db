//! When indices show a need for training, and what becomes of the signal.

use proto::{evaluation::events::v1::TrainingNeedIdentified, training::events::v1::NeedAnswered};

use super::*;
use crate::events::consume::TrainingEvents;

/// Forty respondents around 3 of 4, weakest in U7; `better` lifts them to around 4.
fn sheets(better: bool) -> Vec<[i32; 9]> {
    let base = if better { 4 } else { 3 };
    let one = |at: i32| {
        let mut sheet = [base - i32::from(at % 4 == 0); 9];
        sheet[6] = base - 1;
        sheet
    };
    (0..40).map(one).collect()
}

/// A round in which the first unit is below the target and the second above.
async fn measure(served: &Served, survey: &str, period: &str) -> String {
    let round = served.open(survey, period).await;
    served.answer(&round, 0, &sheets(false)).await;
    served.answer(&round, 1, &sheets(true)).await;
    served.close(&round).await;
    round
}

async fn signals(served: &Served, state: v1::SignalState) -> Vec<v1::Signal> {
    let request = v1::ListSignalsRequest {
        unit: format!("units/{}", served.province),
        state: state.into(),
        ..Default::default()
    };
    let mut client = SignalServiceClient::new(served.channel.clone());
    client.list_signals(served.with_token(request)).await.unwrap().into_inner().signals
}

#[tokio::test(flavor = "multi_thread")]
async fn a_unit_below_its_target_in_two_periods_running_raises_one_signal_until_it_is_answered() {
    let served = Served::start(2).await;
    let survey = served.survey().await;
    let first = measure(&served, &survey, "2026-01").await;
    assert_eq!(signals(&served, v1::SignalState::Open).await, [], "one period alone shows no need");
    let second = measure(&served, &survey, "2026-02").await;

    let open = signals(&served, v1::SignalState::Open).await;
    let [signal] = open.as_slice() else { panic!("{open:?}") };
    assert_eq!((signal.unit.as_str(), signal.element.as_str()), (served.unit(0).as_str(), "U7"));
    assert_eq!((signal.kind(), signal.norm.as_str()), (v1::SignalKind::TrainingNeed, "norms/skm-2017"));
    let evidence = signal.evidence.as_ref().unwrap();
    let rounds: Vec<&str> = evidence.periods.iter().map(|period| period.round.as_str()).collect();
    assert_eq!(rounds, [first.as_str(), second.as_str()]);
    let index = served.index(&second, 0).await.unwrap();
    let last = &evidence.periods[1];
    assert_eq!((last.period.as_str(), last.respondents, last.element_answers), ("2026-02", 40, 40));
    assert_eq!((&last.ikm, &last.ci_low, &last.ci_high), (&index.ikm, &index.ci_low, &index.ci_high));
    assert_eq!((last.target_index.as_str(), last.element_mean.as_str()), ("76.61", "2.0000"));
    assert!(last.p > 0.0 && last.p < 0.001, "{}", last.p);
    let told = served.told::<TrainingNeedIdentified>().await;
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&told.signal, &told.need, &told.element), (&signal.name, &signal.need, &signal.element));
    assert_eq!(told.evidence, signal.evidence);

    measure(&served, &survey, "2026-03").await;
    assert_eq!(signals(&served, v1::SignalState::Open).await, open, "it is open already");
    let answered = NeedAnswered { need: signal.need.clone(), ..Default::default() };
    let database = database(&served.world).await;
    let mut connection = database.acquire().await.unwrap();
    for version in [2, 3] {
        TrainingEvents.apply(&mut connection, &received(version, &answered)).await.unwrap();
    }
    let done = signals(&served, v1::SignalState::Answered).await;
    assert_eq!((done.len(), done[0].name.as_str(), done[0].etag.as_str()), (1, signal.name.as_str(), "2"));
    measure(&served, &survey, "2026-04").await;
    assert_eq!(signals(&served, v1::SignalState::Open).await.len(), 1, "the need came back");
    assert_eq!(served.told::<TrainingNeedIdentified>().await.len(), 2);
    drop(connection);
    drop(database);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn periods_with_a_gap_between_them_and_rounds_without_a_target_show_no_need() {
    let served = Served::start(2).await;
    let survey = served.survey().await;
    measure(&served, &survey, "2026-01").await;
    measure(&served, &survey, "2026-03").await;
    let mut request = served.to_open(&survey, "2026-04");
    request.target_index = String::new();
    let opened = served.surveys().open_round(served.with_token(request)).await.unwrap();
    let round = opened.into_inner().round.unwrap().name;
    served.answer(&round, 0, &sheets(false)).await;
    served.close(&round).await;
    assert_eq!(signals(&served, v1::SignalState::Unspecified).await, []);
    served.finish().await;
}
