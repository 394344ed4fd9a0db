//! What is no message of an RPC is the caller's fault, and said with a reason.

use dev::client::{authorized, channel};
use proto::ops::v1::{DeadLetter, ListDeadLettersRequest};
use tonic::{Code, client::Grpc};
use tonic_prost::ProstCodec;

use super::{Place, SERVICE, reason};

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_are_no_message_of_the_rpc_are_refused_with_a_reason() {
    let served = Place::new().await.serve().await;
    let address = served.place.world.grpc_address(SERVICE).await;
    let mut client = Grpc::new(channel(&address).await.unwrap());
    client.ready().await.unwrap();
    // Field 1 is a number here, and text there.
    let other = ListDeadLettersRequest { page_size: 5, ..Default::default() };
    let request = authorized(other, &served.token(&["ops.read"]));
    let path = "/prima.ops.v1.OperationsService/GetDeadLetter".parse().unwrap();
    let codec = ProstCodec::<ListDeadLettersRequest, DeadLetter>::default();
    let refused = client.unary(request, path, codec).await.unwrap_err();
    assert_eq!((refused.code(), reason(&refused).as_str()), (Code::InvalidArgument, "MESSAGE_UNREADABLE"));
    served.finish().await;
}
