//! Studies through the RPCs.

use proto::{evaluation::events::v1::StudyConcluded, training::events::v1::InterventionRecorded};
use tonic::Code;

use super::*;
use crate::events::consume::TrainingEvents;

const FIXTURE: [(&str, [&str; 4]); 8] = [
    ("A", ["78.5", "78.4", "81.4", "82.1"]),
    ("B", ["80.0", "80.7", "82.9", "84.4"]),
    ("C", ["75.4", "75.9", "78.7", "79.2"]),
    ("D", ["82.2", "82.1", "85.1", "86.0"]),
    ("E", ["78.8", "79.5", "80.4", "80.2"]),
    ("F", ["77.4", "77.7", "78.2", "78.8"]),
    ("G", ["80.9", "81.8", "82.4", "82.3"]),
    ("H", ["76.3", "76.4", "77.2", "77.7"]),
];

fn texts(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| (*text).to_owned()).collect()
}

fn fixture() -> v1::RegisterStudyRequest {
    let row = |(unit, values): &(&str, [&str; 4])| v1::UnitSeries {
        unit: (*unit).to_owned(),
        values: texts(values),
    };
    v1::RegisterStudyRequest {
        request_id: id(),
        title: "Apakah membantu?".to_owned(),
        intervention: String::new(),
        outcome: v1::StudyOutcome::Given.into(),
        treated_units: texts(&["A", "B", "C", "D"]),
        comparison_units: texts(&["E", "F", "G", "H"]),
        pre_periods: texts(&["2025-Q3", "2025-Q4"]),
        post_periods: texts(&["2026-Q1", "2026-Q2"]),
        seed: 7,
        data: Some(v1::StudyData { series: FIXTURE.iter().map(row).collect() }),
    }
}

impl Served {
    fn studies(&self) -> StudyServiceClient<Channel> {
        StudyServiceClient::new(self.channel.clone())
    }

    async fn register(&self, request: v1::RegisterStudyRequest) -> Result<v1::Study, Status> {
        let answer = self.studies().register_study(self.with_token(request)).await?;
        Ok(answer.into_inner().study.unwrap())
    }

    async fn run(&self, name: &str) -> Result<v1::Study, Status> {
        let request = v1::RunStudyRequest { request_id: id(), name: name.to_owned(), etag: String::new() };
        Ok(self.studies().run_study(self.with_token(request)).await?.into_inner().study.unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_designs_fixture_gives_its_numbers() {
    let served = Served::start(0).await;
    let registered = served.register(fixture()).await.unwrap();
    assert_eq!((registered.state(), registered.result.as_ref()), (v1::StudyState::Registered, None));
    assert_eq!(registered.registered_by, format!("people/{}", Uuid::from_u128(7)));

    let study = served.run(&registered.name).await.unwrap();
    let result = study.result.clone().unwrap();
    assert_eq!(
        (result.verdict(), result.reason()),
        (v1::StudyVerdict::Improved, v1::StudyReason::Unspecified)
    );
    let close = |found: Option<f64>, expected: f64, within: f64| {
        let found = found.unwrap();
        assert!((found - expected).abs() < within, "{found} is not {expected}");
    };
    assert_eq!(result.effect, Some(2.275));
    close(result.standard_error, 0.05204, 5e-6);
    close(result.degrees_of_freedom, 4.651, 5e-4);
    close(result.ci_low, 2.1381, 5e-5);
    close(result.ci_high, 2.4119, 5e-5);
    assert_eq!((result.p_numerator, result.p_denominator), (2, 70));
    close(result.p, 0.0286, 5e-5);
    let placebo = result.placebo.as_ref().unwrap();
    assert_eq!((placebo.effect, placebo.p_numerator, placebo.p_denominator), (-0.25, 34, 70));
    assert!(!placebo.rejects);
    assert_eq!((result.seed, result.means.len()), (7, 4));
    assert_eq!((result.means[0].treated_mean, result.means[0].comparison_mean), (79.025, 78.35));
    assert_eq!((result.means[1].post, result.means[2].post), (false, true));
    // sha256sum of the lines, by another program.
    assert_eq!(result.data_sha256, "7577069d931352d72a14ffe96ab2d2c666aeac1fc15a68b219dd3cdf80e1071d");

    let request = v1::GetStudyRequest { name: study.name.clone() };
    let read = served.studies().get_study(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!(read.study.as_ref(), Some(&study));
    assert_eq!(study.data, fixture().data);
    let told = served.told::<StudyConcluded>().await;
    let [told] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!((&told.study, told.result.as_ref()), (&study.name, Some(&result)));
    assert!(told.treated_units.is_empty() && told.comparison_units.is_empty(), "labels stay here");
    let again = served.run(&study.name).await.unwrap_err();
    assert_eq!((again.code(), reason(&again).as_str()), (Code::FailedPrecondition, "ILLEGAL_TRANSITION"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_design_that_can_not_be_is_refused_by_field() {
    let served = Served::start(1).await;
    let unit = served.unit(0);
    type Change<'a> = Box<dyn FnOnce(&mut v1::RegisterStudyRequest) + 'a>;
    let measured = |request: &mut v1::RegisterStudyRequest| {
        request.outcome = v1::StudyOutcome::Ikm.into();
        request.data = None;
        request.treated_units = vec![unit.clone()];
        request.comparison_units = vec![format!("units/{}", served.province)];
    };
    let cases: Vec<(Change<'_>, &str, &str)> = vec![
        (Box::new(|request| request.data = None), "DATA_INVALID", "data"),
        (Box::new(|request| request.outcome = 1), "UNIT_NOT_FOUND", "treated_units[0]"),
        (Box::new(|request| request.outcome = 0), "INVALID_FIELD", "outcome"),
        (
            Box::new(|request| request.treated_units.push("H".to_owned())),
            "UNIT_REPEATED",
            "comparison_units[3]",
        ),
        (Box::new(|request| request.post_periods.reverse()), "PERIODS_INVALID", "post_periods"),
        (Box::new(|request| request.pre_periods[0] = "2025-08".to_owned()), "PERIODS_INVALID", "pre_periods"),
        (Box::new(|request| request.pre_periods[0] = "0000".to_owned()), "INVALID_FIELD", "pre_periods[0]"),
        (
            Box::new(|request| request.data.as_mut().unwrap().series[3].values.truncate(3)),
            "DATA_INVALID",
            "data",
        ),
        (
            Box::new(|request| {
                measured(request);
                request.comparison_units = vec![format!("units/{}", Uuid::now_v7())];
            }),
            "UNIT_NOT_FOUND",
            "comparison_units[0]",
        ),
        (
            Box::new(|request| {
                measured(request);
                request.data = fixture().data;
            }),
            "DATA_INVALID",
            "data",
        ),
    ];
    for (change, why, field) in cases {
        let mut request = fixture();
        change(&mut request);
        let refused = served.register(request).await.unwrap_err();
        assert_eq!(refused.code(), Code::InvalidArgument, "{refused:?}");
        assert_eq!((reason(&refused).as_str(), fields(&refused)), (why, vec![field.to_owned()]));
    }
    let request = v1::ListStudiesRequest::default();
    let listed = served.studies().list_studies(served.with_token(request)).await.unwrap().into_inner();
    assert_eq!(listed.studies, []);
    served.finish().await;
}

/// Twelve respondents; `rise` of them score 4, the rest 3.
fn sheets(rise: usize) -> Vec<[i32; 9]> {
    (0..12).map(|at| [if at < rise { 4 } else { 3 }; 9]).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_study_of_indices_waits_for_its_rounds_and_is_checked_against_what_training_recorded() {
    let served = Served::start(8).await;
    let survey = served.survey().await;
    let programme = Uuid::now_v7();
    let request = |post: &str| v1::RegisterStudyRequest {
        intervention: format!("programmes/{programme}"),
        outcome: v1::StudyOutcome::Ikm.into(),
        treated_units: (0..4).map(|at| served.unit(at)).collect(),
        comparison_units: (4..8).map(|at| served.unit(at)).collect(),
        pre_periods: texts(&["2026-01", "2026-02"]),
        post_periods: texts(&[post]),
        data: None,
        ..fixture()
    };
    let name = served.register(request("2026-04")).await.unwrap().name;
    let unheard_of = served.register(request("2026-04")).await.unwrap().name;
    for (period, lift) in [("2026-01", 0), ("2026-02", 0), ("2026-04", 6)] {
        let early = served.run(&name).await.unwrap_err();
        assert_eq!(reason(&early), "DATA_MISSING");
        assert_eq!(early.get_details_error_info().unwrap().metadata["period"], period);
        let round = served.open(&survey, period).await;
        for unit in 0..8 {
            let lift = if unit < 4 { lift } else { 0 };
            served.answer(&round, unit, &sheets(unit % 4 + lift)).await;
        }
        let open = served.run(&name).await.unwrap_err();
        assert_eq!(open.get_details_error_info().unwrap().metadata["period"], period, "it is open");
        served.close(&round).await;
    }
    let late = served.register(request("2026-03")).await.unwrap_err();
    assert_eq!((late.code(), reason(&late).as_str()), (Code::FailedPrecondition, "REGISTERED_TOO_LATE"));

    let untold = served.run(&unheard_of).await.unwrap().result.unwrap();
    assert_eq!(
        (untold.verdict(), untold.reason()),
        (v1::StudyVerdict::NotEstimable, v1::StudyReason::NotTreated)
    );
    assert_eq!((untold.effect, untold.placebo, untold.means.len()), (None, None, 3));
    let database = database(&served.world).await;
    let mut connection = database.acquire().await.unwrap();
    for at in 0..4 {
        let recorded = InterventionRecorded {
            intervention: format!("interventions/{}", Uuid::now_v7()),
            unit: served.unit(at),
            programme: format!("programmes/{programme}"),
            batch: format!("programmes/{programme}/batches/{}", Uuid::now_v7()),
            from_date: "2026-03-10".to_owned(),
            to_date: "2026-03-12".to_owned(),
            dose_jp: 160,
            participants: 10,
            ..Default::default()
        };
        TrainingEvents.apply(&mut connection, &received(1, &recorded)).await.unwrap();
    }
    let study = served.run(&name).await.unwrap();
    let result = study.result.unwrap();
    // All treated units rise by 25 · 6/12, all others by nothing: there is no spread to make an interval of.
    assert_eq!(
        (result.verdict(), result.reason()),
        (v1::StudyVerdict::Inconclusive, v1::StudyReason::NoInterval)
    );
    assert_eq!((result.effect, result.p_numerator, result.p_denominator), (Some(12.5), 2, 70));
    assert_eq!(study.data.unwrap().series[1].values, ["77.08", "77.08", "89.58"]);
    let told = served.told::<StudyConcluded>().await;
    assert_eq!((told.len(), told[1].treated_units.len()), (2, 4));
    drop(connection);
    drop(database);
    served.finish().await;
}
