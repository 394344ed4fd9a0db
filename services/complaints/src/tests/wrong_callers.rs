//! Every RPC of the service, as the contract lists them, called by everybody who must not: an RPC that this test does not
//! know fails it. Requests are made from the contract, so that nothing but the caller is wrong with them.

use prost::Message;
use prost_reflect::{
    Cardinality, DescriptorPool, DynamicMessage, Kind, MessageDescriptor, MethodDescriptor, Value,
};
use tonic::{
    Code,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

use super::{
    evidence::{before, picture, upload},
    *,
};

const WRONG_CODE: &str = "0123456789ABCDEF";

/// Who may call an RPC, beside the scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Rule {
    /// Whoever has the scope.
    Scope,
    /// A person of a unit that holds the report.
    Unit,
    /// A person of a unit above the responsible one.
    Above,
    /// Who shows a reporter's proof.
    Reporter,
    /// Who may see the report.
    Reader,
    /// Whoever has the scope; of a report about officials nobody.
    Supporter,
    /// A channel's system.
    Channel,
    /// Each item as [`Rule::Unit`]; a refusal stands in the answer.
    Batch,
    /// What is listed is the caller's own.
    Lister,
    /// A person.
    Person,
    /// Anybody, who learns nothing by guessing.
    Tracker,
}

fn rule(rpc: &str) -> Rule {
    match rpc {
        "AcceptComplaint"
        | "TransferComplaint"
        | "DisposeComplaint"
        | "RecategorizeComplaint"
        | "SetEstimate"
        | "RequestInformation"
        | "SubmitFollowUp"
        | "RejectComplaint"
        | "MergeComplaint"
        | "UnmergeComplaint"
        | "AddNote"
        | "RevealReporter" => Rule::Unit,
        "ApproveFollowUp" | "RejectFollowUp" | "AnswerFinding" => Rule::Above,
        "ProvideInformation" | "ConfirmResolution" | "ReopenComplaint" | "AppealRejection"
        | "WithdrawComplaint" | "ListReveals" | "UpdateReporter" | "ExportReporter" | "EraseReporter"
        | "UploadEvidence" => Rule::Reporter,
        "GetComplaint" | "ListTimeline" | "WatchComplaint" | "GetEvidence" | "VerifyLedger"
        | "FindDuplicates" => Rule::Reader,
        "WatchInbox" => Rule::Person,
        "SupportComplaint" => Rule::Supporter,
        "WatchUpdates" => Rule::Channel,
        "BatchTransition" => Rule::Batch,
        "ListComplaints" => Rule::Lister,
        "TrackComplaint" | "WatchTracking" | "ReissueAccessCode" => Rule::Tracker,
        "FileComplaint"
        | "GetWorkflow"
        | "CreateCategory"
        | "GetCategory"
        | "ListCategories"
        | "UpdateCategory"
        | "CreateServicePolicy"
        | "ListServicePolicies"
        | "ResolveUnit"
        | "ListRoutingRules"
        | "ReplaceRoutingRules"
        | "SimulateRoutingRules"
        | "ImportBoundaries"
        | "ExportState"
        | "ListVersions"
        | "ReplayEvents"
        | "ExportLedger"
        | "GetStatistics"
        | "ExportStatistics" => Rule::Scope,
        _ => panic!("{rpc}: say who may call it"),
    }
}

fn pool() -> DescriptorPool {
    DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap()
}

fn methods(pool: &DescriptorPool) -> Vec<MethodDescriptor> {
    let services = pool.services().filter(|service| service.full_name().starts_with("prima.complaints.v1."));
    services.flat_map(|service| service.methods().collect::<Vec<_>>()).collect()
}

fn scope(pool: &DescriptorPool, method: &MethodDescriptor) -> String {
    let extension = pool.get_extension_by_name("prima.options.v1.scope").unwrap();
    method.options().get_extension(&extension).as_str().unwrap().to_owned()
}

/// What a request is about, and what it shows.
#[derive(Clone, Debug, Default)]
struct About {
    name: String,
    number: String,
    other: String,
    unit: String,
    access_code: String,
    channel_reference: String,
    evidence: String,
}

/// A request that no rule of the contract refuses.
fn request(of: &MessageDescriptor, about: &About) -> DynamicMessage {
    let mut message = DynamicMessage::new(of.clone());
    for field in of.fields().filter(|field| field.cardinality() != Cardinality::Repeated) {
        let value = match (field.name(), field.kind()) {
            ("request_id", _) => Value::String(id()),
            ("name", _) if of.name() == "GetEvidenceRequest" => Value::String(about.evidence.clone()),
            ("name", _) if of.name() == "AnswerFindingRequest" => {
                Value::String(format!("{}/findings/1", about.evidence))
            }
            ("name" | "complaint", _) => Value::String(about.name.clone()),
            ("role", _) => Value::EnumNumber(1),
            ("category", _) if of.name() == "FindDuplicatesRequest" => continue,
            ("number", _) => Value::String(about.number.clone()),
            ("into", _) => Value::String(about.other.clone()),
            ("unit", _) => Value::String(about.unit.clone()),
            ("category", _) => Value::String("categories/jalan".to_owned()),
            ("finish_date", _) => Value::String("2999-01-01".to_owned()),
            (
                "public_text" | "internal_note" | "question" | "answer" | "reason" | "purpose",
                Kind::String,
            ) => Value::String("Teks".to_owned()),
            ("rating" | "proposed_outcome" | "reason", Kind::Int32) => Value::I32(3),
            ("proposed_outcome" | "reason", Kind::Enum(_)) => Value::EnumNumber(1),
            ("proof" | "reporter", Kind::Message(kind)) if kind.name() == "ReporterProof" => {
                let mut proof = DynamicMessage::new(kind);
                proof.set_field_by_name("access_code", Value::String(about.access_code.clone()));
                proof.set_field_by_name("channel_reference", Value::String(about.channel_reference.clone()));
                Value::Message(proof)
            }
            ("access_code", _) => Value::String(about.access_code.clone()),
            ("channel_reference", _) => Value::String(about.channel_reference.clone()),
            ("reporter" | "note" | "start", Kind::Message(kind)) => Value::Message(request(&kind, about)),
            _ => continue,
        };
        message.set_field(&field, value);
    }
    if let Some(items) = of.get_field_by_name("items")
        && let Kind::Message(item) = items.kind()
    {
        message.set_field(&items, Value::List(vec![Value::Message(request(&item, about))]));
    }
    message
}

/// Bytes as they are.
#[derive(Clone, Copy, Default)]
struct Bare;

impl Codec for Bare {
    type Encode = Vec<u8>;
    type Decode = Vec<u8>;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        *self
    }

    fn decoder(&mut self) -> Self {
        *self
    }
}

impl Encoder for Bare {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Bare {
    type Item = Vec<u8>;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<Vec<u8>>, Status> {
        let mut bytes = vec![0; prost::bytes::Buf::remaining(buffer)];
        prost::bytes::Buf::copy_to_slice(buffer, &mut bytes);
        Ok(Some(bytes))
    }
}

/// Calls any RPC; its first message, or the refusal.
async fn ask(
    served: &Served,
    method: &MethodDescriptor,
    token: Option<&str>,
    request: &DynamicMessage,
) -> Result<Vec<u8>, Status> {
    let path = format!("/{}/{}", method.parent_service().full_name(), method.name());
    let message = futures::stream::iter([request.encode_to_vec()]);
    let request = match token {
        Some(token) => authorized(message, token),
        None => bare(message),
    };
    let mut client =
        tonic::client::Grpc::new(channel(&served.world.grpc_address(SERVICE).await).await.unwrap());
    client.ready().await.unwrap();
    let mut answer = client.streaming(request, path.parse().unwrap(), Bare).await?.into_inner();
    Ok(answer.message().await?.unwrap_or_default())
}

#[test]
fn these_and_no_other_rpcs_need_no_token() {
    let pool = pool();
    let public: Vec<String> = methods(&pool)
        .iter()
        .filter(|method| scope(&pool, method) == "public")
        .map(|method| method.name().to_owned())
        .collect();
    assert_eq!(public, ["TrackComplaint", "WatchTracking", "ReissueAccessCode"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_a_token_or_its_scope_no_rpc_is_answered() {
    let served = Served::start().await;
    let pool = pool();
    let scopeless = served.world.token(&Identity { subject: "nobody".to_owned(), ..Identity::default() });
    for method in methods(&pool).iter().filter(|method| scope(&pool, method) != "public") {
        let empty = DynamicMessage::new(method.input());
        for (token, expected) in [
            (None, (Code::Unauthenticated, "TOKEN_MISSING")),
            (Some("no token"), (Code::Unauthenticated, "TOKEN_INVALID")),
            (Some(scopeless.as_str()), (Code::PermissionDenied, "SCOPE_MISSING")),
        ] {
            let (code, reason) = why(ask(&served, method, token, &empty).await);
            assert_eq!((code, reason.as_str()), expected, "{}", method.full_name());
        }
    }
    served.finish().await;
}

/// Two reports, one of them about officials, and who must not come near them.
struct Place {
    served: Served,
    /// Of the kelurahan.
    report: About,
    /// About officials of the kelurahan; its province's.
    about: About,
}

impl Place {
    async fn start() -> Self {
        let served = Served::start().await;
        let file = async |category: &str| {
            let request = v1::FileComplaintRequest { category: category.to_owned(), ..to_file() };
            let filed =
                served.client.clone().file_complaint(authorized(request, &served.channel_token())).await;
            let filed = filed.unwrap().into_inner();
            let complaint = filed.complaint.unwrap();
            let start = before(&complaint.name, &filed.access_code);
            About {
                evidence: upload(&served, &served.channel_token(), start, &picture(1)).await.unwrap().name,
                name: complaint.name,
                number: complaint.number,
                unit: unit_name(served.agency),
                ..About::default()
            }
        };
        let (report, other, about) = (
            file("categories/sampah").await,
            file("categories/sampah").await,
            file("categories/pungli").await,
        );
        let report = About { other: other.name.clone(), ..report };
        let about = About { other: other.name, ..about };
        Self { served, report, about }
    }

    /// The callers that a rule keeps out, what they ask, and what they are told.
    fn wrong(&self, rule: Rule) -> Vec<(String, About, Code, &'static str)> {
        let served = &self.served;
        let (report, about) = (&self.report, &self.about);
        let wrong_code = |of: &About| About { access_code: WRONG_CODE.to_owned(), ..of.clone() };
        let reference = |of: &About, text: &str| About { channel_reference: text.to_owned(), ..of.clone() };
        let elsewhere = served.token("elsewhere", 6, &[served.agency]);
        let complained_of = served.token("complained of", 7, &[served.kelurahan]);
        let below = served.token("below it", 8, &[served.section]);
        let other_channel = served.token("other channel", 0, &[]);
        let system = served.token("system", 0, &[served.province]);
        let (channel, officer) = (served.channel_token(), served.officer());
        let not_found = (Code::NotFound, "NOT_FOUND");
        let unit = (Code::PermissionDenied, "UNIT_UNKNOWN");
        let person = (Code::PermissionDenied, "PERSON_REQUIRED");
        let proof = (Code::PermissionDenied, "NOT_THE_REPORTER");
        let guess = (Code::NotFound, "TRACKING_NOT_FOUND");
        let callers = match rule {
            Rule::Scope | Rule::Lister => Vec::new(),
            Rule::Unit | Rule::Batch => vec![
                (&elsewhere, report.clone(), unit),
                (&below, report.clone(), unit),
                (&complained_of, about.clone(), not_found),
                (&below, about.clone(), not_found),
                (&system, report.clone(), person),
                (&channel, report.clone(), person),
            ],
            Rule::Above => vec![
                (&elsewhere, report.clone(), unit),
                (&officer, report.clone(), unit),
                (&complained_of, about.clone(), not_found),
                (&below, about.clone(), not_found),
                (&system, report.clone(), person),
            ],
            Rule::Reporter => vec![
                (&channel, wrong_code(report), proof),
                (&channel, reference(report, "wa-18"), proof),
                (&other_channel, reference(report, "wa-17"), proof),
                (&officer, wrong_code(report), proof),
                (&complained_of, wrong_code(about), proof),
                (&elsewhere, reference(report, "wa-17"), proof),
            ],
            Rule::Reader => vec![
                (&elsewhere, report.clone(), not_found),
                (&below, report.clone(), not_found),
                (&complained_of, about.clone(), not_found),
                (&below, about.clone(), not_found),
                (&other_channel, report.clone(), not_found),
                (&other_channel, wrong_code(report), not_found),
                (&other_channel, reference(report, "wa-17"), not_found),
            ],
            Rule::Supporter => vec![(&channel, reference(about, "wa-19"), not_found)],
            Rule::Channel => vec![(&officer, report.clone(), (Code::PermissionDenied, "CHANNEL_ONLY"))],
            Rule::Person => vec![(&system, report.clone(), person), (&channel, report.clone(), person)],
            Rule::Tracker => vec![
                (&officer, wrong_code(report), guess),
                (&other_channel, wrong_code(report), guess),
                (&complained_of, wrong_code(about), guess),
            ],
        };
        let owned = |(token, about, (code, reason)): (&String, About, (Code, &'static str))| {
            (token.clone(), about, code, reason)
        };
        callers.into_iter().map(owned).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_rpc_refuses_every_wrong_caller() {
    let place = Place::start().await;
    let (pool, mut tried) = (pool(), 0);
    for method in methods(&pool) {
        let rule = rule(method.name());
        for (token, about, code, reason) in place.wrong(rule) {
            let asked = request(&method.input(), &about);
            let outcome = ask(&place.served, &method, Some(&token), &asked).await;
            let told = match (rule, outcome) {
                (Rule::Batch, Ok(answer)) => {
                    let results = v1::BatchTransitionResponse::decode(answer.as_slice()).unwrap().results;
                    assert!(results.iter().all(|result| result.complaint.is_none()));
                    (code, results[0].reason.clone())
                }
                (_, outcome) => why(outcome),
            };
            assert_eq!(told, (code, reason.to_owned()), "{} by {about:?}", method.name());
            tried += 1;
        }
    }
    assert!(tried > 100, "{tried} wrong calls");
    for about in [&place.report, &place.about] {
        let token = place.served.validator();
        let complaint = place.served.get(&about.name, &token).await.unwrap();
        assert_eq!(complaint.etag, "2", "nobody did anything since the picture");
    }
    for token in [
        place.served.token("elsewhere", 6, &[place.served.agency]),
        place.served.token("other channel", 0, &[]),
        place.served.token("system", 0, &[]),
    ] {
        let listed = call!(place.served, list_complaints, token, ListComplaintsRequest {}).unwrap();
        assert_eq!(listed.complaints, []);
    }
    let complained_of = place.served.token("complained of", 7, &[place.served.kelurahan]);
    let listed = call!(place.served, list_complaints, complained_of, ListComplaintsRequest {}).unwrap();
    assert!(listed.complaints.iter().all(|complaint| complaint.name != place.about.name));
    place.served.finish().await;
}
