//! CatalogService: what can be reported, and how long it may take.

use std::num::NonZeroU32;

use jiff::civil::Date;
use kit::{page, run::to_the_end, status, validate};
use proto::complaints::v1::{self, catalog_service_server::CatalogService};
use tonic::{Request, Response, Status, async_trait};

use super::{
    asks::unsaid,
    commands::key,
    status::{DOMAIN, of},
    words,
};
use crate::{
    app::{App, CategoryChange, Failure},
    domain::{ComplaintId, ServicePolicy, Term, Terms},
    store::category::Category,
};

const LIST: &str = "ListCategories";
const LIST_POLICIES: &str = "ListServicePolicies";

/// What can be reported, and how long it may take.
pub(crate) struct Catalog {
    app: App,
}

impl Catalog {
    pub(crate) fn new(app: App) -> Self {
        Self { app }
    }
}

#[async_trait]
impl CatalogService for Catalog {
    async fn list_categories(
        &self,
        request: Request<v1::ListCategoriesRequest>,
    ) -> Result<Response<v1::ListCategoriesResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let after =
            page::key(LIST, &request.page_token).map_err(|_| status::page_token_invalid().status(DOMAIN))?;
        let size = page::size(request.page_size);
        let found = self.app.categories(&after, size).await.map_err(failed)?;
        let (found, next_page_token) = page::cut(LIST, size, found, |category| category.id.clone());
        let categories = found.into_iter().map(category).collect();
        Ok(Response::new(v1::ListCategoriesResponse { categories, next_page_token }))
    }

    async fn get_category(
        &self,
        request: Request<v1::GetCategoryRequest>,
    ) -> Result<Response<v1::GetCategoryResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let id = id_of(&request.name);
        let found = self.app.category(&id).await.map_err(|failure| named(&request.name, &failure))?;
        Ok(Response::new(v1::GetCategoryResponse { category: Some(category(found)) }))
    }

    async fn create_category(
        &self,
        request: Request<v1::CreateCategoryRequest>,
    ) -> Result<Response<v1::CreateCategoryResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("CreateCategory", &request.request_id), &request)?;
        let to_make = Category {
            id: request.category_id,
            name_id: request.display_name_id,
            name_en: request.display_name_en,
            about_officials: request.about_officials,
            policy: policy_of(&request.policy),
            evidence_required: request.evidence_required,
        };
        let app = self.app.clone();
        let made = to_the_end(async move { app.create_category((key, deadline), to_make).await });
        let made = made.await.map_err(failed)?;
        Ok(Response::new(v1::CreateCategoryResponse { category: Some(category(made)) }))
    }

    async fn update_category(
        &self,
        request: Request<v1::UpdateCategoryRequest>,
    ) -> Result<Response<v1::UpdateCategoryResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("UpdateCategory", &request.request_id), &request)?;
        let change = CategoryChange {
            id: id_of(&request.name),
            name_id: request.display_name_id,
            name_en: request.display_name_en,
            policy: policy_of(&request.policy),
            evidence_required: request.evidence_required,
        };
        let app = self.app.clone();
        let changed = to_the_end(async move { app.update_category((key, deadline), change).await });
        let changed = changed.await.map_err(|failure| named(&request.name, &failure))?;
        Ok(Response::new(v1::UpdateCategoryResponse { category: Some(category(changed)) }))
    }

    async fn create_service_policy(
        &self,
        request: Request<v1::CreateServicePolicyRequest>,
    ) -> Result<Response<v1::CreateServicePolicyResponse>, Status> {
        let (caller, deadline) = kit::identity::caller(&request)?;
        let request = request.into_inner();
        let key = key(&caller, ("CreateServicePolicy", &request.request_id), &request)?;
        let to_make = to_policy(&request.policy.ok_or_else(|| unsaid("policy"))?)?;
        let app = self.app.clone();
        let made = to_the_end(async move { app.create_policy((key, deadline), to_make).await });
        let made = made.await.map_err(failed)?;
        Ok(Response::new(v1::CreateServicePolicyResponse { policy: Some(policy(&made)) }))
    }

    async fn list_service_policies(
        &self,
        request: Request<v1::ListServicePoliciesRequest>,
    ) -> Result<Response<v1::ListServicePoliciesResponse>, Status> {
        let request = request.into_inner();
        validate::request(&request, DOMAIN)?;
        let invalid = || status::page_token_invalid().status(DOMAIN);
        let after = page::key(LIST_POLICIES, &request.page_token).map_err(|_| invalid())?;
        let (name, priority, day) = list_key(&after).ok_or_else(invalid)?;
        let size = page::size(request.page_size);
        let limit = i64::try_from(size).expect("a page is small") + 1;
        let found = self.app.policies((name, priority, day), limit).await.map_err(failed)?;
        let (found, next_page_token) = page::cut(LIST_POLICIES, size, found, |policy| {
            format!("{} {} {}", policy.policy, policy.priority.word(), policy.valid_from)
        });
        let policies = found.iter().map(policy).collect();
        Ok(Response::new(v1::ListServicePoliciesResponse { policies, next_page_token }))
    }
}

/// Where a list of policies goes on.
fn list_key(key: &str) -> Option<(&str, &str, Date)> {
    if key.is_empty() {
        return Some(("", "", Date::constant(1, 1, 1)));
    }
    let (name, rest) = key.split_once(' ')?;
    let (priority, day) = rest.split_once(' ')?;
    Some((name, priority, day.parse().ok()?))
}

fn failed(failure: Failure) -> Status {
    of(&failure, ComplaintId(uuid::Uuid::nil()))
}

/// A failure about the category of this name.
fn named(name: &str, failure: &Failure) -> Status {
    match failure {
        Failure::NotFound => status::not_found(name).status(DOMAIN),
        other => of(other, ComplaintId(uuid::Uuid::nil())),
    }
}

fn id_of(name: &str) -> String {
    name.trim_start_matches("categories/").to_owned()
}

fn policy_of(name: &str) -> String {
    name.trim_start_matches("policies/").to_owned()
}

fn category(category: Category) -> v1::Category {
    v1::Category {
        name: format!("categories/{}", category.id),
        display_name_id: category.name_id,
        display_name_en: category.name_en,
        about_officials: category.about_officials,
        policy: format!("policies/{}", category.policy),
        evidence_required: category.evidence_required,
    }
}

fn policy(policy: &ServicePolicy) -> v1::ServicePolicy {
    let terms = &policy.terms;
    let term = |term: Term| {
        let amount = i32::try_from(term.amount.get()).unwrap_or(i32::MAX);
        Some(v1::Term { amount, unit: words::term_unit(term.unit).into() })
    };
    v1::ServicePolicy {
        name: format!("policies/{}", policy.policy),
        priority: words::priority(policy.priority).into(),
        valid_from: policy.valid_from.to_string(),
        accept: term(terms.accept),
        answer: term(terms.answer),
        finish: term(terms.finish),
        red_flag: term(terms.red_flag),
        cap: term(terms.cap),
        question: term(terms.question),
        auto_close: term(terms.auto_close),
    }
}

fn to_policy(policy: &v1::ServicePolicy) -> Result<ServicePolicy, Status> {
    let term = |term: Option<v1::Term>, field: &str| {
        let term = term.ok_or_else(|| unsaid(field))?;
        let amount = u32::try_from(term.amount).ok().and_then(NonZeroU32::new);
        let unit = words::to_term_unit(term.unit());
        amount.zip(unit).map(|(amount, unit)| Term { amount, unit }).ok_or_else(|| unsaid(field))
    };
    Ok(ServicePolicy {
        policy: policy_of(&policy.name),
        priority: words::to_priority(policy.priority()).ok_or_else(|| unsaid("policy.priority"))?,
        valid_from: policy.valid_from.parse().map_err(|_| {
            status::invalid_field("policy.valid_from", "must be a day as YYYY-MM-DD").status(DOMAIN)
        })?,
        terms: Terms {
            accept: term(policy.accept, "policy.accept")?,
            answer: term(policy.answer, "policy.answer")?,
            finish: term(policy.finish, "policy.finish")?,
            red_flag: term(policy.red_flag, "policy.red_flag")?,
            cap: term(policy.cap, "policy.cap")?,
            question: term(policy.question, "policy.question")?,
            auto_close: term(policy.auto_close, "policy.auto_close")?,
        },
    })
}
