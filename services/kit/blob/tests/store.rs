//! The store against the embedded S3 server, over the same client and wire
//! protocol as against any other.

use blob::{BlobStore, Config, Error, Key, Range};
use bytes::Bytes;
use embedded::s3::S3;
use futures_util::TryStreamExt as _;
use std::{
    fs,
    io::Write as _,
    net::Ipv4Addr,
    time::{Duration, Instant},
};
use tempfile::{NamedTempFile, TempDir};
use uuid::Uuid;

fn config(server: &S3) -> Config {
    Config {
        endpoint: Some(server.endpoint().into()),
        region: server.region().into(),
        bucket: "sotay".into(),
        access_key: server.access_key().into(),
        secret_key: server.secret_key().into(),
        path_style: true,
    }
}

async fn start() -> (TempDir, S3, BlobStore) {
    let folder = TempDir::new().unwrap();
    let server = S3::start(&folder.path().join("s3")).await.unwrap();
    let store = BlobStore::new(config(&server));
    store.ensure_bucket().await.unwrap();
    (folder, server, store)
}

fn key(tenant: &str, id: u128) -> Key {
    Key::new(tenant, "documents", Uuid::from_u128(id)).unwrap()
}

#[tokio::test]
async fn an_object_is_put_got_replaced_and_deleted() {
    let (_folder, server, store) = start().await;
    store.ensure_bucket().await.unwrap();
    let (key, other) = (key("thanh-hoa", 1), key("ha-noi", 1));
    assert!(!store.exists(&key).await.unwrap());
    assert!(matches!(store.get(&key, None).await, Err(Error::NotFound)));
    assert!(store.delete(&key).await.is_ok(), "gone is gone");

    store.put(&key, Bytes::from_static(b"nghi quyet"), "application/pdf").await.unwrap();
    assert!(store.exists(&key).await.unwrap());
    assert!(!store.exists(&other).await.unwrap(), "another tenant's object of the same id");
    let object = store.get(&key, None).await.unwrap();
    assert_eq!(
        (object.length, object.content_type.as_str(), object.content_range),
        (10, "application/pdf", None)
    );
    assert_eq!(object.body.collect().await.unwrap(), "nghi quyet");

    store.put(&key, Bytes::new(), "text/plain").await.unwrap();
    let object = store.get(&key, None).await.unwrap();
    assert_eq!((object.length, object.content_type.as_str()), (0, "text/plain"));
    store.delete(&key).await.unwrap();
    assert!(!store.exists(&key).await.unwrap());
    server.stop().await;
}

#[tokio::test]
async fn parts_are_got_as_a_player_or_a_resumed_download_asks() {
    let (_folder, server, store) = start().await;
    let key = key("thanh-hoa", 2);
    store.put(&key, Bytes::from_static(b"0123456789"), "video/mp4").await.unwrap();
    for (range, expected, content_range) in [
        (Range::From { first: 2, last: Some(4) }, "234", "bytes 2-4/10"),
        (Range::From { first: 7, last: None }, "789", "bytes 7-9/10"),
        (Range::From { first: 8, last: Some(99) }, "89", "bytes 8-9/10"),
        (Range::Last(3), "789", "bytes 7-9/10"),
    ] {
        let object = store.get(&key, Some(range)).await.unwrap();
        assert_eq!(object.length, expected.len() as u64);
        assert_eq!(object.content_range.as_deref(), Some(content_range));
        assert_eq!(object.body.collect().await.unwrap(), expected);
    }
    let beyond = Range::From { first: 10, last: None };
    assert!(matches!(store.get(&key, Some(beyond)).await, Err(Error::OutOfRange)));
    server.stop().await;
}

/// Kilobytes of this process that are in memory at their highest.
fn peak() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}

#[tokio::test]
async fn a_large_file_streams_both_ways() {
    const CHUNKS: u32 = 100;
    let (_folder, server, store) = start().await;
    let mut file = NamedTempFile::new().unwrap();
    for n in 0..CHUNKS {
        file.write_all(&vec![u8::try_from(n).unwrap(); 1 << 20]).unwrap();
    }
    let key = key("thanh-hoa", 3);
    let before = peak();
    store.put(&key, file.path(), "application/octet-stream").await.unwrap();
    let object = store.get(&key, None).await.unwrap();
    assert_eq!(object.length, u64::from(CHUNKS) << 20);
    let mut position = 0_usize;
    let mut body = object.body;
    while let Some(chunk) = body.try_next().await.unwrap() {
        assert!(chunk.len() <= 1 << 20, "{}", chunk.len());
        assert_eq!(usize::from(chunk[0]), position >> 20);
        position += chunk.len();
    }
    assert_eq!(position, (CHUNKS as usize) << 20);
    // Server and client are both in this process; neither holds the file.
    assert!(peak() - before < 40 << 10, "{} kB", peak() - before);
    server.stop().await;
}

#[tokio::test]
async fn objects_and_the_way_to_them_outlive_the_server() {
    let (folder, server, store) = start().await;
    let key = key("thanh-hoa", 4);
    store.put(&key, Bytes::from_static(b"x"), "text/plain").await.unwrap();
    let former = config(&server);
    assert!(S3::start(&folder.path().join("s3")).await.is_err(), "one server to a folder");
    server.stop().await;

    let began = Instant::now();
    let error = store.get(&key, None).await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());

    // Who knew it before goes on, without being told anything.
    let server = S3::start(&folder.path().join("s3")).await.unwrap();
    let object = store.get(&key, None).await.unwrap();
    assert_eq!(object.content_type, "text/plain");
    drop(object);
    let stranger = BlobStore::new(Config { secret_key: "another".into(), ..former.clone() });
    let error = stranger.get(&key, None).await.unwrap_err();
    assert!(matches!(error, Error::Other(_)), "{error:?}");
    let missing = BlobStore::new(Config { bucket: "other".into(), ..config(&server) });
    let error = missing.delete(&key).await.unwrap_err();
    assert!(matches!(error, Error::Other(_)), "{error:?}");
    server.stop().await;

    // Somebody took its port meanwhile: it moves, and keeps its keys.
    let port = former.endpoint.as_deref().unwrap().rsplit_once(':').unwrap().1.parse().unwrap();
    let _other = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, port)).unwrap();
    let server = S3::start(&folder.path().join("s3")).await.unwrap();
    let moved = Config { endpoint: Some(server.endpoint().into()), ..former };
    BlobStore::new(moved).get(&key, None).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn listing_a_tenant_shows_its_objects_alone() {
    let (_folder, server, store) = start().await;
    for tenant in ["thanh-hoa", "ha-noi"] {
        store.put(&key(tenant, 5), Bytes::from_static(b"x"), "text/plain").await.unwrap();
    }
    let credentials = aws_sdk_s3::config::Credentials::new(
        server.access_key(),
        server.secret_key(),
        None,
        None,
        "test",
    );
    let client = aws_sdk_s3::Client::from_conf(
        aws_sdk_s3::Config::builder()
            .behavior_version_latest()
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .region(aws_sdk_s3::config::Region::new(server.region()))
            .endpoint_url(server.endpoint())
            .force_path_style(true)
            .credentials_provider(credentials)
            .build(),
    );
    let listed =
        client.list_objects_v2().bucket("sotay").prefix("thanh-hoa/").send().await.unwrap();
    let names: Vec<_> = listed.contents().iter().filter_map(|object| object.key()).collect();
    assert_eq!(names, [key("thanh-hoa", 5).as_str()]);
    server.stop().await;
}

#[tokio::test]
async fn a_local_file_that_is_not_there_is_the_callers_affair() {
    let (folder, server, store) = start().await;
    let nowhere = folder.path().join("nowhere");
    let error = store.put(&key("thanh-hoa", 6), nowhere.as_path(), "text/plain").await.unwrap_err();
    assert!(matches!(error, Error::Other(_)), "{error:?}");
    server.stop().await;
}
