//! Categories and policies as their callers see them.

use proto::complaints::v1::{ComplaintPriority, TermUnit, catalog_service_client::CatalogServiceClient};
use tonic::Code;

use super::*;

async fn client(served: &Served) -> CatalogServiceClient<Channel> {
    CatalogServiceClient::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap())
}

fn to_make(category_id: &str, policy: &str) -> v1::CreateCategoryRequest {
    v1::CreateCategoryRequest {
        request_id: id(),
        category_id: category_id.to_owned(),
        display_name_id: "Pohon".to_owned(),
        display_name_en: "Trees".to_owned(),
        policy: policy.to_owned(),
        about_officials: false,
        evidence_required: false,
    }
}

fn terms(name: &str, valid_from: &str, hours: i32) -> v1::CreateServicePolicyRequest {
    let term = |amount, unit: TermUnit| Some(v1::Term { amount, unit: unit.into() });
    v1::CreateServicePolicyRequest {
        request_id: id(),
        policy: Some(v1::ServicePolicy {
            name: name.to_owned(),
            priority: ComplaintPriority::Normal.into(),
            valid_from: valid_from.to_owned(),
            accept: term(hours, TermUnit::Hours),
            answer: term(3, TermUnit::WorkingDays),
            finish: term(2, TermUnit::CalendarDays),
            red_flag: term(2, TermUnit::CalendarDays),
            cap: term(60, TermUnit::CalendarDays),
            question: term(5, TermUnit::WorkingDays),
            auto_close: term(10, TermUnit::WorkingDays),
        }),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_category_without_a_policy_that_counts_is_not_saved() {
    let served = Served::start().await;
    let (mut catalog, token) = (client(&served).await, served.officer());
    let refused = catalog.create_category(authorized(to_make("pohon", "policies/none"), &token)).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "POLICY_UNKNOWN".to_owned()));
    catalog
        .create_service_policy(authorized(terms("policies/later", "2999-01-01", 1), &token))
        .await
        .unwrap();
    let refused = catalog.create_category(authorized(to_make("pohon", "policies/later"), &token)).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "POLICY_UNKNOWN".to_owned()), "not yet");
    let made = catalog.create_category(authorized(to_make("pohon", "policies/lapor"), &token)).await.unwrap();
    assert_eq!(made.into_inner().category.unwrap().name, "categories/pohon");
    let refused = catalog.create_category(authorized(to_make("pohon", "policies/lapor"), &token)).await;
    assert_eq!(why(refused), (Code::AlreadyExists, "CATEGORY_EXISTS".to_owned()));
    let change = |name: &str, policy: &str| v1::UpdateCategoryRequest {
        request_id: id(),
        name: name.to_owned(),
        display_name_id: "Pohon tumbang".to_owned(),
        display_name_en: "Fallen trees".to_owned(),
        policy: policy.to_owned(),
        evidence_required: None,
    };
    let refused =
        catalog.update_category(authorized(change("categories/pohon", "policies/none"), &token)).await;
    assert_eq!(why(refused), (Code::InvalidArgument, "POLICY_UNKNOWN".to_owned()));
    let refused =
        catalog.update_category(authorized(change("categories/none", "policies/jakarta"), &token)).await;
    assert_eq!(why(refused), (Code::NotFound, "NOT_FOUND".to_owned()));
    catalog
        .update_category(authorized(change("categories/pohon", "policies/jakarta"), &token))
        .await
        .unwrap();
    let request = v1::GetCategoryRequest { name: "categories/pohon".to_owned() };
    let found =
        catalog.get_category(authorized(request, &token)).await.unwrap().into_inner().category.unwrap();
    assert_eq!((found.display_name_en.as_str(), found.policy.as_str()), ("Fallen trees", "policies/jakarta"));
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn terms_are_added_for_days_to_come_and_reports_have_those_of_their_day() {
    let served = Served::start().await;
    let (mut catalog, token) = (client(&served).await, served.officer());
    let past =
        catalog.create_service_policy(authorized(terms("policies/jakarta", "2020-01-02", 1), &token)).await;
    assert_eq!(why(past), (Code::InvalidArgument, "POLICY_PAST".to_owned()));
    let today = kit::clock::jakarta_day(kit::clock::Clock::default().now());
    let tomorrow = today.tomorrow().unwrap().to_string();
    catalog.create_service_policy(authorized(terms("policies/jakarta", &tomorrow, 1), &token)).await.unwrap();
    let again =
        catalog.create_service_policy(authorized(terms("policies/jakarta", &tomorrow, 2), &token)).await;
    assert_eq!(why(again), (Code::AlreadyExists, "POLICY_EXISTS".to_owned()));
    let days = |complaint: &v1::Complaint| {
        (complaint.due_time.unwrap().seconds - complaint.create_time.unwrap().seconds) / (24 * 3_600)
    };
    assert_eq!(days(&served.file().await.complaint.unwrap()), 7);
    served.world.shift(24 * 3_600).await;
    assert_eq!(days(&served.file().await.complaint.unwrap()), 2);

    let request = v1::ListServicePoliciesRequest { page_size: 2, ..Default::default() };
    let page = catalog.list_service_policies(authorized(request, &token)).await.unwrap().into_inner();
    let request = v1::ListServicePoliciesRequest { page_token: page.next_page_token, ..Default::default() };
    let rest = catalog.list_service_policies(authorized(request, &token)).await.unwrap().into_inner();
    let names: Vec<&str> =
        page.policies.iter().chain(&rest.policies).map(|policy| policy.name.as_str()).collect();
    assert_eq!(names, ["policies/jakarta", "policies/jakarta", "policies/lapor"]);
    served.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_rules_of_lapor_count_working_days() {
    let served = Served::start().await;
    let (mut catalog, token) = (client(&served).await, served.officer());
    catalog.create_category(authorized(to_make("pohon", "policies/lapor"), &token)).await.unwrap();
    let request = v1::FileComplaintRequest { category: "categories/pohon".to_owned(), ..to_file() };
    let filed = served.client.clone().file_complaint(authorized(request, &served.channel_token())).await;
    let complaint = filed.unwrap().into_inner().complaint.unwrap();
    let accept =
        complaint.deadlines.iter().find(|deadline| deadline.kind() == v1::DeadlineKind::Accept).unwrap();
    let (from, until) = (complaint.create_time.unwrap(), accept.due_time.unwrap());
    let from = kit::clock::from_proto(&from).unwrap();
    let calendar = kit::calendar::Calendar::default();
    let expected = calendar.due(from, kit::calendar::Term::WorkingDays(3));
    assert_eq!(kit::clock::from_proto(&until).unwrap(), expected);
    served.finish().await;
}
