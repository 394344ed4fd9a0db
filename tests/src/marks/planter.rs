//! Writes a mark into every text of a request that its sender may choose freely, and remembers which they were; and a
//! marked point, and a marked reporter, where a request has one.

use std::collections::BTreeSet;
use std::sync::Mutex;

use prost_reflect::prost::Message;
use prost_reflect::{Cardinality, DescriptorPool, DynamicMessage, FieldDescriptor, Kind, Value};

/// Stands in every text.
pub(super) const MARK: &str = "PENANDA";
/// Where the mark ends up behind other words, so that what is cut off at the end would be noticed.
const WORDS: &str = "Budi Santoso, 0812-3456-7890, Jl. Kebon Sirih 12";
/// The number that every reporter can be called by.
pub(super) const PHONE: &str = "+62 812-1717-4545";
/// Where every report is, as a number and as its text.
pub(super) const LATITUDE: f64 = -6.175_392_13;
pub(super) const LATITUDE_TEXT: &str = "6.17539213";
const LONGITUDE: f64 = 106.827_153_47;
/// Texts that have a form of their own, and would be refused: what was answered before, or an official's number.
const OF_A_FORM: [&str; 6] = ["etag", "page_token", "resume_token", "nip", "code", "resources"];
/// Requests of operators and machines, whose words are kept as acts.
const OF_OPERATORS: [&str; 2] = ["prima.ops.", "ReplayEventsRequest"];
/// Rules that make a text one of few.
const NARROW: [&str; 6] = ["pattern", "uuid", "in", "const", "len", "prefix"];

/// The texts of all requests.
pub(super) struct Planter {
    pool: DescriptorPool,
    planted: Mutex<BTreeSet<String>>,
}

impl Planter {
    pub(super) fn new() -> Self {
        let pool = DescriptorPool::decode(proto::DESCRIPTOR_SET).unwrap();
        Self { pool, planted: Mutex::default() }
    }

    /// The same request with a mark in each of its texts.
    pub(super) fn plant(&self, name: &str, request: &[u8]) -> Vec<u8> {
        let descriptor = self.pool.get_message_by_name(name).unwrap();
        let mut message = DynamicMessage::decode(descriptor.clone(), request).unwrap();
        for field in descriptor.fields().filter(|field| self.is_free(field)) {
            let text = format!("{MARK} {} {WORDS}", field.name());
            message.set_field(&field, Value::String(text));
            self.planted.lock().unwrap().insert(field.full_name().to_owned());
        }
        if let Some(field) = descriptor.get_field_by_name("point")
            && let Kind::Message(point) = field.kind()
        {
            let mut planted = DynamicMessage::new(point);
            planted.set_field_by_name("latitude", Value::F64(LATITUDE));
            planted.set_field_by_name("longitude", Value::F64(LONGITUDE));
            message.set_field(&field, Value::Message(planted));
        }
        if let Some(field) = descriptor.get_field_by_name("reporter")
            && let Kind::Message(reporter) = field.kind()
            && reporter.full_name() == "prima.complaints.v1.Reporter"
        {
            let mut planted = DynamicMessage::new(reporter);
            let words = [("display_name", format!("{MARK} {WORDS}")), ("email", format!("{MARK}@contoh.id"))];
            for (name, text) in words.into_iter().chain([("phone", PHONE.to_owned())]) {
                planted.set_field_by_name(name, Value::String(text));
            }
            message.set_field(&field, Value::Message(planted));
        }
        message.encode_to_vec()
    }

    /// The texts of requests that carried no mark yet.
    pub(super) fn unplanted(&self) -> Vec<String> {
        let planted = self.planted.lock().unwrap();
        let requests = self.pool.services().flat_map(|service| service.methods().collect::<Vec<_>>());
        let requests = requests.map(|method| method.input()).filter(|request| {
            let name = request.full_name();
            name.starts_with("prima.") && !OF_OPERATORS.iter().any(|part| name.contains(part))
        });
        let texts = requests.flat_map(|request| request.fields().collect::<Vec<_>>());
        texts
            .filter(|field| self.is_free(field) && !planted.contains(field.full_name()))
            .map(|field| field.full_name().to_owned())
            .collect()
    }

    fn is_free(&self, field: &FieldDescriptor) -> bool {
        let is_text = field.kind() == Kind::String && field.cardinality() != Cardinality::Repeated;
        if !is_text || OF_A_FORM.contains(&field.name()) {
            return false;
        }
        let rules = self.pool.get_extension_by_name("buf.validate.field").unwrap();
        let options = field.options();
        let rules = options.get_extension(&rules);
        let of_text =
            rules.as_message().and_then(|rules| Some(rules.get_field_by_name("string")?.into_owned()));
        let of_text = of_text.as_ref().and_then(Value::as_message);
        of_text.is_none_or(|rules| !NARROW.iter().any(|rule| rules.has_field_by_name(rule)))
    }
}
