//! What a server shows of itself, as it is configured: to a collector, on the
//! private listener, in its log. Nothing of it unless somebody asked for it.

use crate::{
    collector::{Collector, attribute},
    faults::begun,
    place::{Place, Running, exchange, free_port, signal},
};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use serde_json::Value;
use std::{collections::BTreeSet, fs, process::Child};
use tokio::runtime::Runtime;

const TENANT: &str = "quang-ngai";

/// The ports on which a process listens.
fn listening(process: &Child) -> BTreeSet<u16> {
    let folder = format!("/proc/{}", process.id());
    let sockets: BTreeSet<String> = fs::read_dir(format!("{folder}/fd"))
        .unwrap()
        .filter_map(|entry| {
            let target = fs::read_link(entry.ok()?.path()).ok()?;
            Some(target.to_str()?.strip_prefix("socket:[")?.trim_end_matches(']').to_owned())
        })
        .collect();
    let tables = ["tcp", "tcp6"].map(|name| fs::read_to_string(format!("{folder}/net/{name}")));
    tables
        .iter()
        .flatten()
        .flat_map(|table| table.lines())
        .filter_map(|line| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            // Number, own address and port, the other's, state (0A: it listens), …
            let [_, own, _, "0A", _, _, _, _, _, socket, ..] = fields[..] else { return None };
            let port = u16::from_str_radix(own.rsplit(':').next()?, 16).ok()?;
            sockets.contains(socket).then_some(port)
        })
        .collect()
}

/// Whether anything in a process sends to collectors: each kind has a thread.
fn sends(process: &Child) -> bool {
    fs::read_dir(format!("/proc/{}/task", process.id()))
        .unwrap()
        .filter_map(|thread| fs::read_to_string(thread.ok()?.path().join("comm")).ok())
        .any(|name| name.starts_with("OpenTelemetry"))
}

/// The port of the file store that is brought along.
fn files(place: &Place) -> u16 {
    let text = fs::read_to_string(place.folder.path().join("data/run.json")).unwrap();
    let running: Value = serde_json::from_str(&text).unwrap();
    running["s3_endpoint"].as_str().unwrap().rsplit(':').next().unwrap().parse().unwrap()
}

fn get(port: u16, host: &str, path: &str) -> (u16, String) {
    let request = format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n");
    exchange(port, request.as_bytes()).unwrap()
}

/// Whether a counter that was sent counts something under a label.
fn counts(collector: &Collector, counter: &str, label: &str, value: &str) -> bool {
    collector.metrics().into_iter().filter(|metric| metric.name == counter).any(|metric| {
        let Some(Data::Sum(sum)) = metric.data else { panic!("{counter} is no counter") };
        let mut points = sum.data_points.iter();
        points.any(|point| attribute(&point.attributes, label).as_deref() == Some(value))
    })
}

fn stop(server: &mut Running) {
    signal(server, "-TERM");
    assert!(server.wait().unwrap().success(), "SIGTERM is an orderly end");
}

fn log(place: &Place) -> String {
    fs::read_to_string(place.log()).unwrap()
}

#[test]
fn nothing_is_sent_opened_or_told_that_nobody_asked_for() {
    let runtime = Runtime::new().unwrap();
    let collector = runtime.block_on(Collector::start());
    let mut place = Place::new();
    // Where the libraries would send by themselves.
    place.settings = vec![("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url.clone())];
    let (mut server, token) = begun(&place);
    assert_eq!(place.get("/documents", &token).unwrap().0, 200);
    assert_eq!(listening(&server), [place.http, place.https, files(&place)].into());
    assert!(!sends(&server));
    for path in ["/metrics", "/api/v1/metrics"] {
        assert_eq!(get(place.http, "quang-ngai.localhost", path).0, 404, "{path}");
    }
    stop(&mut server);
    assert!(collector.everything().is_empty());
    assert!(!log(&place).contains("document.list"), "no line a request: {}", log(&place));

    // Lines a request are for people unless a program shall read them.
    place.settings.push(("SOTAY__LOG__FILTER", "info".into()));
    let mut server = place.serve();
    assert_eq!(place.get("/documents", &token).unwrap().0, 200);
    stop(&mut server);
    let log = log(&place);
    let said = "quang-ngai GET document.list 200 in ";
    let lines: Vec<&str> = log.lines().filter(|line| line.contains("document.list")).collect();
    let [line] = lines[..] else { panic!("{} lines of one request: {log}", lines.len()) };
    let (_, cost) = line.split_once(said).unwrap_or_else(|| panic!("{line}"));
    let (_, sql) = cost.split_once(" ms (").unwrap_or_else(|| panic!("{line}"));
    let (count, time) = sql.split_once(" SQL, ").unwrap_or_else(|| panic!("{line}"));
    assert!(count.parse::<u32>().unwrap() > 0, "{line}");
    assert!(time.split_once(" ms)").is_some_and(|(ms, _)| ms.parse::<u32>().is_ok()), "{line}");
    assert!(!log.contains('\u{1b}'), "a file has no colours: {line:?}");
}

#[test]
fn what_is_asked_for_is_sent_and_shown_and_the_last_of_it_when_the_server_stops() {
    let runtime = Runtime::new().unwrap();
    let collector = runtime.block_on(Collector::start());
    let (private, mut place) = (free_port(), Place::new());
    place.settings = vec![
        ("SOTAY__TELEMETRY__OTLP", collector.url.clone()),
        ("SOTAY__TELEMETRY__SAMPLE", "1.0".into()),
        ("SOTAY__PRIVATE__PORT", private.to_string()),
        ("SOTAY__LOG__FORMAT", "json".into()),
        ("SOTAY__LOG__FILTER", "info".into()),
    ];
    let (mut server, token) = begun(&place);
    assert_eq!(listening(&server), [place.http, place.https, private, files(&place)].into());
    assert!(sends(&server));

    let (status, numbers) = get(private, "localhost", "/metrics");
    assert_eq!(status, 200, "{numbers}");
    let mut requests = numbers.lines().filter(|line| line.starts_with("sotay_requests_total{"));
    assert!(requests.any(|line| line.contains("tenant=\"quang-ngai\"")), "{numbers}");
    for host in ["quang-ngai.localhost", "localhost", "127.0.0.1"] {
        assert_eq!(get(place.http, host, "/metrics").0, 404, "visitors at {host} see none of it");
    }
    for port in [private, place.http] {
        assert_eq!(get(port, "localhost", "/healthz"), (200, "ok\n".into()));
        let (status, said) = get(port, "localhost", "/readyz");
        assert!(status == 200 && said.starts_with("ready\n"), "{said}");
    }
    for path in ["/", "/sign-in", "/api/v1/documents"] {
        assert_eq!(get(private, "quang-ngai.localhost", path).0, 404, "{path} is for visitors");
    }

    // The last thing it does.
    assert_eq!(place.get("/documents", &token).unwrap().0, 200);
    stop(&mut server);
    let spans = collector.spans();
    let last: Vec<_> = spans.iter().filter(|span| span.name == "GET document.list").collect();
    let [last] = last[..] else { panic!("{} traces of one request", last.len()) };
    assert_eq!(attribute(&last.attributes, "sotay.tenant").as_deref(), Some(TENANT));
    let trace = spans.iter().filter(|span| span.trace_id == last.trace_id);
    let statements =
        trace.filter(|span| attribute(&span.attributes, "db.query.text").is_some()).count();
    assert!(counts(&collector, "sotay.sql.statements", "operation", "document.list"));
    assert!(counts(&collector, "sotay.requests", "tenant", TENANT));
    let sent = collector.logs();
    let sent: Vec<_> = sent.iter().filter(|line| line.trace_id == last.trace_id).collect();
    let [sent] = sent[..] else { panic!("{} lines of one request", sent.len()) };
    assert_eq!(attribute(&sent.attributes, "tenant").as_deref(), Some(TENANT));

    let log = log(&place);
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}")))
        .collect();
    let ours: Vec<_> = lines.iter().filter(|line| line["operation"] == "document.list").collect();
    let [line] = ours[..] else { panic!("{} lines of one request: {log}", ours.len()) };
    assert_eq!((&line["tenant"], &line["status"]), (&TENANT.into(), &200.into()));
    assert!(statements > 0 && line["sql"] == statements, "{statements} in the trace: {line}");
    assert!(line["sql_millis"].as_u64().unwrap() <= line["millis"].as_u64().unwrap(), "{line}");
}
