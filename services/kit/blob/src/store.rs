//! The bucket.

use crate::{Body, Content, Error, Key, Object, Range};
use aws_sdk_s3::{
    Client,
    config::{
        BehaviorVersion, Credentials, Region, RequestChecksumCalculation,
        ResponseChecksumValidation, retry::RetryConfig, timeout::TimeoutConfig,
    },
    primitives::ByteStream,
    types::{BucketLocationConstraint, CreateBucketConfiguration},
};
use aws_smithy_http_client::{
    Builder,
    tls::{self, rustls_provider::CryptoMode},
};
use std::{fmt, path::Path, time::Duration};

const CONNECT: Duration = Duration::from_secs(2);
const ATTEMPT: Duration = Duration::from_secs(10);
const ATTEMPTS: u32 = 3;
/// The slowest upload that is still worth waiting for, in bytes per second.
const SLOWEST: u64 = 1 << 20;
/// Bytes read from a file at a time.
const BUFFER: usize = 64 << 10;

/// How the bucket is reached.
#[derive(Clone)]
pub struct Config {
    /// The server's URL; `None` means AWS in `region`.
    pub endpoint: Option<String>,
    /// The region that requests are signed for; `us-east-1` where the server
    /// does not care.
    pub region: String,
    /// The one bucket of this installation.
    pub bucket: String,
    /// Which key signs.
    pub access_key: String,
    /// What it signs with.
    pub secret_key: String,
    /// Whether the bucket is in the URL's path, as most servers other than AWS
    /// want it, rather than in its host name.
    pub path_style: bool,
}

// The secret key must never reach a log.
impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("endpoint", &self.endpoint)
            .field("region", &self.region)
            .field("bucket", &self.bucket)
            .finish_non_exhaustive()
    }
}

/// The store of files. Clones are cheap and share their connections. Every
/// call gives up an unanswered connection after 2 s and an unanswered attempt
/// after 10 s (longer for large uploads), and tries three times in all.
#[derive(Debug, Clone)]
pub struct BlobStore {
    client: Client,
    bucket: String,
    /// Where a bucket of ours would have to be made; AWS alone asks.
    location: Option<String>,
}

impl BlobStore {
    /// Prepares to reach the bucket; nothing is sent yet.
    #[must_use]
    pub fn new(config: Config) -> Self {
        let plain = config.endpoint.as_ref().is_some_and(|url| url.starts_with("http://"));
        let http = if plain {
            // No TLS, and so no need of the system's certificates.
            Builder::new().build_http()
        } else {
            Builder::new().tls_provider(tls::Provider::Rustls(CryptoMode::Ring)).build_https()
        };
        let on_aws = config.endpoint.is_none();
        let location = Some(config.region.clone()).filter(|region| on_aws && region != "us-east-1");
        let retry = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(Duration::from_millis(100))
            .with_max_backoff(Duration::from_secs(2));
        let mut builder = aws_sdk_s3::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .http_client(http)
            .region(Region::new(config.region))
            .credentials_provider(Credentials::new(
                config.access_key,
                config.secret_key,
                None,
                None,
                "configuration",
            ))
            .force_path_style(config.path_style)
            .timeout_config(timeouts(ATTEMPT))
            .retry_config(retry)
            // Checksums in trailers are unknown to many servers that speak S3.
            .request_checksum_calculation(RequestChecksumCalculation::WhenRequired)
            .response_checksum_validation(ResponseChecksumValidation::WhenRequired);
        builder.set_endpoint_url(config.endpoint);
        Self { client: Client::from_conf(builder.build()), bucket: config.bucket, location }
    }

    /// Makes the bucket unless it is there.
    ///
    /// # Errors
    /// [`Error::Unavailable`], or [`Error::Other`] when the credentials do not
    /// allow it.
    pub async fn ensure_bucket(&self) -> Result<(), Error> {
        match self.client.head_bucket().bucket(&self.bucket).send().await.map_err(Error::from) {
            Err(Error::NotFound) => {}
            done => return done.map(drop),
        }
        let place = self.location.as_deref().map(|region| {
            CreateBucketConfiguration::builder()
                .location_constraint(BucketLocationConstraint::from(region))
                .build()
        });
        let made = self
            .client
            .create_bucket()
            .bucket(&self.bucket)
            .set_create_bucket_configuration(place)
            .send()
            .await;
        match made {
            Ok(_) => Ok(()),
            // Another process was faster.
            Err(error)
                if error.as_service_error().is_some_and(|said| {
                    said.is_bucket_already_owned_by_you() || said.is_bucket_already_exists()
                }) =>
            {
                Ok(())
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Asks whether the bucket is there, for those who watch over it.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::Unavailable`], [`Error::Other`].
    pub async fn ping(&self) -> Result<(), Error> {
        self.client.head_bucket().bucket(&self.bucket).send().await?;
        Ok(())
    }

    /// Puts an object, replacing one of the same key. It is there completely
    /// or not at all.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Full`]; [`Error::Other`] also when the
    /// local file cannot be read.
    pub async fn put(
        &self,
        key: &Key,
        content: impl Into<Content>,
        content_type: &str,
    ) -> Result<(), Error> {
        let (body, size) = match content.into() {
            Content::Bytes(bytes) => {
                let size = bytes.len() as u64;
                (ByteStream::from(bytes), size)
            }
            Content::File(path) => stream(&path).await?,
        };
        let patience = ATTEMPT + Duration::from_secs(size / SLOWEST);
        self.client
            .put_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .content_type(content_type)
            .body(body)
            .customize()
            .config_override(aws_sdk_s3::Config::builder().timeout_config(timeouts(patience)))
            .send()
            .await?;
        Ok(())
    }

    /// Gets an object or a part of it. The body arrives while it is read, so
    /// its size costs no memory; a stream that stalls ends with an error.
    ///
    /// # Errors
    /// [`Error::NotFound`], [`Error::OutOfRange`], [`Error::Unavailable`],
    /// [`Error::Other`].
    pub async fn get(&self, key: &Key, range: Option<Range>) -> Result<Object, Error> {
        let got = self
            .client
            .get_object()
            .bucket(&self.bucket)
            .key(key.as_str())
            .set_range(range.map(|range| range.to_string()))
            .send()
            .await?;
        let length = got
            .content_length
            .and_then(|length| u64::try_from(length).ok())
            .ok_or_else(|| Error::Other("the answer has no Content-Length".into()))?;
        Ok(Object {
            body: Body(got.body),
            length,
            content_type: got.content_type.unwrap_or_else(|| "application/octet-stream".into()),
            content_range: got.content_range,
        })
    }

    /// Deletes an object; one that is not there is deleted already.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Other`].
    pub async fn delete(&self, key: &Key) -> Result<(), Error> {
        let sent = self.client.delete_object().bucket(&self.bucket).key(key.as_str()).send().await;
        match sent.map_err(Error::from) {
            Err(Error::NotFound) => Ok(()),
            done => done.map(drop),
        }
    }

    /// Whether there is such an object.
    ///
    /// # Errors
    /// [`Error::Unavailable`], [`Error::Other`].
    pub async fn exists(&self, key: &Key) -> Result<bool, Error> {
        let sent = self.client.head_object().bucket(&self.bucket).key(key.as_str()).send().await;
        match sent.map_err(Error::from) {
            Err(Error::NotFound) => Ok(false),
            done => done.map(|_| true),
        }
    }
}

fn timeouts(attempt: Duration) -> TimeoutConfig {
    TimeoutConfig::builder().connect_timeout(CONNECT).operation_attempt_timeout(attempt).build()
}

/// A file as a stream, and its size in bytes.
async fn stream(path: &Path) -> Result<(ByteStream, u64), Error> {
    let unreadable = |said: String| Error::Other(format!("{}: {said}", path.display()));
    let size =
        tokio::fs::metadata(path).await.map_err(|error| unreadable(error.to_string()))?.len();
    let body = ByteStream::read_from()
        .path(path)
        .buffer_size(BUFFER)
        .build()
        .await
        .map_err(|error| unreadable(error.to_string()))?;
    Ok((body, size))
}
