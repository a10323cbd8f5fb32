//! An event is read whole or not at all, and reads the same when it is written again.

use ravelin_auditlog::Event;

/// Reads the text as an event.
pub fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(event) = Event::read(text) else { return };
    let line = event.to_line();
    assert_eq!(line.find('\n'), Some(line.len() - 1), "{line:?}");
    assert_eq!(Event::read(&line).as_ref(), Ok(&event), "{line:?}");
    assert_eq!(event.to_json(), line.trim_end_matches('\n'));
}
