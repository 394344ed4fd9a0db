//! What each user of deploy/nats/accounts.conf may do, asked of a real server. That a service may do what it does is shown
//! by every test in which one runs.

use std::io::Write;

use super::*;
use crate::workspace;

/// The streams that a service takes events from.
const READS: [(&str, &[&str]); 4] = [
    ("complaints", &["staff"]),
    ("staff", &["complaints", "evaluation", "training"]),
    ("training", &["evaluation", "staff"]),
    ("evaluation", &["complaints", "staff", "training"]),
];

/// What may be asked of a stream or a durable but is never a service's business.
const NEVER: [&str; 6] = [
    "$JS.API.STREAM.DELETE.EVT_OWN",
    "$JS.API.STREAM.MSG.DELETE.EVT_OWN",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.SNAPSHOT.EVT_OWN",
    "$JS.API.STREAM.CREATE.ANOTHER",
    "$JS.API.CONSUMER.DURABLE.CREATE.EVT_OWN.any",
];

fn start() -> (Nats, Scratch) {
    let binaries = Binaries::find(&workspace::target().unwrap().join("dev"), &mut |_| {}).unwrap();
    let scratch = Scratch::try_new("prima-rights").unwrap();
    (Nats::start(&binaries, &scratch, 2).unwrap(), scratch)
}

/// One connection of a user, in the protocol's own words.
struct User {
    stream: TcpStream,
    answers: std::io::Lines<BufReader<TcpStream>>,
}

impl User {
    fn connect(nats: &Nats, user: &str) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", nats.port())).unwrap();
        stream.set_read_timeout(Some(GREETING_TIMEOUT)).unwrap();
        let answers = BufReader::new(stream.try_clone().unwrap()).lines();
        let mut connected = Self { stream, answers };
        let password = &nats.launch.password;
        connected.say(&format!(r#"CONNECT {{"verbose":false,"user":"{user}","pass":"{password}"}}"#));
        assert_eq!(connected.refusals(), Vec::<String>::new(), "{user} is let in");
        connected
    }

    fn say(&mut self, text: &str) {
        self.stream.write_all(format!("{text}\r\n").as_bytes()).unwrap();
    }

    /// What the server had against all that was said until now.
    fn refusals(&mut self) -> Vec<String> {
        self.say("PING");
        let until_pong = self.answers.by_ref().map(Result::unwrap).take_while(|line| line != "PONG");
        until_pong.filter(|line| line.starts_with("-ERR")).collect()
    }

    fn may_publish(&mut self, subject: &str) -> bool {
        self.say(&format!("PUB {subject} 0\r\n"));
        let refusals = self.refusals();
        assert!(refusals.iter().all(|why| why.contains("Permissions Violation for Publish")), "{refusals:?}");
        refusals.is_empty()
    }

    fn may_subscribe(&mut self, subject: &str) -> bool {
        self.say(&format!("SUB {subject} 1"));
        self.refusals().is_empty()
    }
}

/// What has to be asked of a stream to take events by a durable.
fn taking(stream: &str, durable: &str) -> Vec<String> {
    vec![
        format!("$JS.API.CONSUMER.CREATE.{stream}.{durable}"),
        format!("$JS.API.CONSUMER.MSG.NEXT.{stream}.{durable}"),
        format!("$JS.ACK.{stream}.{durable}.1.1.1.1.1"),
    ]
}

#[test]
fn a_service_may_publish_its_own_events_and_take_those_it_reads_and_nothing_else() {
    let (nats, _scratch) = start();
    for (service, reads) in READS {
        let mut user = User::connect(&nats, &format!("a0_{service}"));
        let own = format!("EVT_{}", service.to_uppercase());
        for (other, _) in READS {
            let stream = format!("EVT_{}", other.to_uppercase());
            let is_own = other == service;
            assert_eq!(
                user.may_publish(&format!("evt.{other}.unit.3.changed")),
                is_own,
                "{service}: {other}'s events"
            );
            let wake = format!("wake.{other}");
            assert_eq!(user.may_publish(&wake), is_own, "{service} tells {wake}");
            assert_eq!(user.may_subscribe(&wake), is_own, "{service} hears {wake}");
            for verb in ["CREATE", "UPDATE", "PURGE", "MSG.GET"] {
                assert_eq!(
                    user.may_publish(&format!("$JS.API.STREAM.{verb}.{stream}")),
                    is_own,
                    "{service}: {verb} {stream}"
                );
            }
            for subject in taking(&stream, service) {
                assert_eq!(
                    user.may_publish(&subject),
                    is_own || reads.contains(&other),
                    "{service}: {subject}"
                );
            }
            for (durable, _) in READS {
                let is_its = durable == service && reads.contains(&other);
                let subject = format!("$JS.API.CONSUMER.PAUSE.{stream}.{durable}");
                assert_eq!(user.may_publish(&subject), is_its, "{service}: {subject}");
            }
            // Of its own stream a durable is another's, and so is any of a stream that it only reads.
            for (durable, reads_it) in READS.iter().filter(|(durable, _)| *durable != service) {
                if !is_own || reads_it.contains(&service) {
                    for subject in taking(&stream, durable) {
                        assert!(!user.may_publish(&subject), "{service}: {subject}");
                    }
                }
            }
        }
        let nameless = format!("$JS.API.CONSUMER.CREATE.{own}");
        for subject in taking(&own, "any").into_iter().chain([nameless]) {
            assert!(user.may_publish(&subject), "{service}: {subject}");
        }
        for subject in NEVER {
            assert!(!user.may_publish(&subject.replace("EVT_OWN", &own)), "{service}: {subject}");
        }
        assert!(user.may_subscribe(&format!("_INBOX_{service}.*")), "{service}: its inbox");
        for subject in ["evt.>", "evt.staff.>", "$JS.EVENT.>", "wake.>", "_INBOX.>", "_INBOX_another.>", ">"]
        {
            assert!(!user.may_subscribe(subject), "{service}: {subject}");
        }
    }
}

#[test]
fn an_operator_may_do_anything_in_one_account_and_nobody_comes_in_without_a_password() {
    let (nats, _scratch) = start();
    let mut operator = User::connect(&nats, "a1_operator");
    assert!(operator.may_subscribe(">") && operator.may_publish("$JS.API.STREAM.DELETE.EVT_STAFF"));
    for login in [r#""user":"a0_staff","pass":"""#, r#""user":"staff","pass":"wrong""#, r#""verbose":false"#]
    {
        let mut stream = TcpStream::connect(("127.0.0.1", nats.port())).unwrap();
        stream.set_read_timeout(Some(GREETING_TIMEOUT)).unwrap();
        stream.write_all(format!("CONNECT {{{login}}}\r\nPING\r\n").as_bytes()).unwrap();
        let answer =
            BufReader::new(stream).lines().map_while(Result::ok).find(|line| !line.starts_with("INFO"));
        assert_eq!(answer.as_deref(), Some("-ERR 'Authorization Violation'"), "{login}");
    }
}
