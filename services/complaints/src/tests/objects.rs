//! How fast a picture is looked for, and what is left in the store of files.

use sqlx::{Connection, PgConnection};

use super::{
    evidence::{accepted, after, left, picture, upload},
    *,
};

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_is_looked_for_by_the_index() {
    // A million with PRIMA_TEST_PICTURES=1000000.
    let pictures = std::env::var("PRIMA_TEST_PICTURES").ok().and_then(|count| count.parse::<i64>().ok());
    let pictures = pictures.unwrap_or(50_000);
    let world = World::new(&[(SERVICE, &MIGRATIONS)]).await;
    let mut superuser = PgConnection::connect(&world.superuser_url()).await.unwrap();
    let random = "('x' || substr(md5(random()::text), 1, 16))::bit(64)::bigint";
    let fill = format!(
        "SET session_replication_role = replica;
         INSERT INTO complaints.fingerprint (evidence, hashes, bands, descriptor)
         SELECT gen_random_uuid(), hashes,
                (SELECT array_agg(((hash >> (16 * band)) & 65535)::integer | (band << 16))
                 FROM unnest(hashes) AS hash CROSS JOIN generate_series(0, 3) AS band),
                '\\x00'
         FROM (SELECT ARRAY[{random}, {random}, {random}, {random}, {random}, {random}] AS hashes
               FROM generate_series(1, {pictures})) AS drawn;
         ANALYZE complaints.fingerprint"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(fill)).execute(&mut superuser).await.unwrap();
    let fingerprint = pictures::examine(&picture(5)).unwrap().fingerprint.unwrap();
    let plan: Vec<String> = sqlx::query_scalar(
        "EXPLAIN SELECT evidence, hashes
         FROM unnest($1::integer[]) AS probe (band) JOIN complaints.fingerprint ON bands @> ARRAY[probe.band] LIMIT 50000",
    )
    .bind(fingerprint.probes())
    .fetch_all(&mut superuser)
    .await
    .unwrap();
    let plan = plan.join("\n");
    assert!(plan.contains("fingerprint_by_band") && !plan.contains("Seq Scan"), "{plan}");
    let mut times = Vec::new();
    let mut found = 0;
    for seed in 0..21 {
        let fingerprint = pictures::examine(&picture(seed)).unwrap().fingerprint.unwrap();
        let begun = std::time::Instant::now();
        found += store::fingerprint::candidates(&mut superuser, &fingerprint.probes()).await.unwrap().len();
        times.push(begun.elapsed());
    }
    times.sort();
    println!(
        "{pictures} pictures: median {:?}, slowest {:?}, {} candidates each",
        times[10],
        times[20],
        found / 21
    );
    superuser.close().await.unwrap();
    world.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_whose_upload_was_cut_are_swept_and_kept_ones_stay() {
    use crate::app::objects::Objects;
    let served = Served::start().await;
    let name = accepted(&served).await;
    upload(&served, &served.officer(), after(&name), &picture(9)).await.unwrap();
    assert_eq!(left(&served).await.1, 2);
    // A process that was killed after it had put a file, before it had named it.
    let objects = Objects::try_new(&served.world.folder().join("evidence").display().to_string()).unwrap();
    let orphan = kit::ledger::sha256(&[b"orphan"]);
    objects.put(&orphan, b"orphan".to_vec()).await.unwrap();
    let mut superuser = PgConnection::connect(&served.world.superuser_url()).await.unwrap();
    assert_eq!(store::object::reserve(&mut superuser, &[orphan.to_vec()]).await.unwrap(), 1);
    assert_eq!(
        store::object::take_orphans(&mut superuser, (3_600.0, 10)).await.unwrap(),
        Vec::<Vec<u8>>::new()
    );
    assert_eq!(store::object::take_orphans(&mut superuser, (0.0, 10)).await.unwrap(), [orphan.to_vec()]);
    assert_eq!(
        store::object::reserve(&mut superuser, &[orphan.to_vec()]).await.unwrap(),
        0,
        "nobody writes it now"
    );
    objects.delete(&orphan).await.unwrap();
    objects.delete(&orphan).await.unwrap();
    store::object::forget(&mut superuser, &orphan).await.unwrap();
    assert_eq!(left(&served).await.1, 2);
    superuser.close().await.unwrap();
    served.finish().await;
}

/// Against an S3-compatible server, where `PRIMA_TEST_S3` names a place in one (`s3://bucket/prefix`, with the usual
/// `AWS_…` variables), else against a folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_file_comes_back_as_it_was_put_or_not_at_all() {
    use crate::app::{Failure, objects::Objects};
    let folder = dev::scratch::Scratch::try_new("prima-objects").unwrap();
    let place = std::env::var("PRIMA_TEST_S3").unwrap_or_else(|_| folder.path().display().to_string());
    let objects = Objects::try_new(&place).unwrap();
    let content = picture(1);
    let name = kit::ledger::sha256(&[&content]);
    objects.put(&name, content.clone()).await.unwrap();
    objects.put(&name, content.clone()).await.unwrap();
    assert_eq!(objects.get(&name).await.unwrap(), content);
    objects.put(&name, b"something else".to_vec()).await.unwrap();
    assert!(matches!(objects.get(&name).await, Err(Failure::ObjectChanged)));
    objects.delete(&name).await.unwrap();
    assert!(objects.get(&name).await.is_err());
    assert!(Objects::try_new("ftp://elsewhere").is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_stands_still_for_30_s_is_ended_and_one_that_is_cut_leaves_nothing() {
    use futures::{StreamExt, stream};
    use proto::complaints::v1::evidence_service_client::EvidenceServiceClient;
    let served = Served::start().await;
    let name = accepted(&served).await;
    let address = served.world.grpc_address(SERVICE).await;
    let mut client = EvidenceServiceClient::new(channel(&address).await.unwrap());
    let begun = || {
        let first = v1::UploadEvidenceRequest { start: Some(after(&name)), chunk: Vec::new() };
        let part = v1::UploadEvidenceRequest { start: None, chunk: picture(1)[..1_000].to_vec() };
        stream::iter([first, part]).chain(stream::pending())
    };
    let token = served.officer();
    let cut = tokio::time::timeout(
        std::time::Duration::from_secs(1),
        client.upload_evidence(authorized(begun(), &token)),
    );
    assert!(cut.await.is_err(), "it is waited for");
    let idle = client.upload_evidence(authorized(begun(), &token)).await.unwrap_err();
    assert_eq!((idle.code(), reason(&idle).as_str()), (tonic::Code::DeadlineExceeded, "UPLOAD_IDLE"));
    assert_eq!(fields(&idle), ["chunk"]);
    assert_eq!(left(&served).await, (0, 0));
    assert_eq!(served.get(&name, &token).await.unwrap().etag, "2");
    served.finish().await;
}
