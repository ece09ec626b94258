//! The parts in processes of their own.

use crate::{
    faults::{begun, until},
    place::{Place, signal},
};

#[test]
fn a_part_that_is_killed_is_missed_alone_and_found_again() {
    let place = Place::apart();
    let (mut main, token) = begun(&place);
    let status = |path: &str| place.get(path, &token).map(|(status, _)| status);

    // Not there yet: the rest works.
    let (missing, said) = place.get("/documents", &token).unwrap();
    assert_eq!(missing, 503, "{said}");
    assert!(said.contains("Văn bản"), "it says which part: {said}");
    assert_eq!(status("/members"), Some(200));

    let mut documents = place.serve_documents();
    until("the documents are there", || status("/documents") == Some(200));
    documents.kill().unwrap();
    documents.wait().unwrap();
    assert_eq!(status("/documents"), Some(503));
    assert_eq!(status("/members"), Some(200));

    let mut documents = place.serve_documents();
    until("the documents are back", || status("/documents") == Some(200));

    // The database and the files of both are the first one's. It is killed, and
    // they come back where the other one looks for them.
    let published = |number| place.publish(&token, number).map(|(status, _)| status);
    assert_eq!(published("01-NQ/TU"), Some(201));
    main.kill().unwrap();
    main.wait().unwrap();
    let mut main = place.serve();
    until("documents are published again", || published("02-NQ/TU") == Some(201));
    for child in [&mut documents, &mut main] {
        signal(child, "-TERM");
        assert!(child.wait().unwrap().success(), "SIGTERM is an orderly end");
    }
    assert_eq!(place.leftovers(), 0, "nothing keeps running");
}
