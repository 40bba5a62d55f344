//! Requests as the Container API got them, told apart by what they do.

/// What a request does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// `GET /input/{type}/next_batch`.
    Read,
    /// `GET /input/{type}/restart`.
    Restart,
    /// `GET /items/{type}/count`.
    Count,
    /// `POST /output/output`.
    Output,
    /// `POST /output/feedback`.
    Feedback,
    /// `POST /logs/{level}`.
    Log,
    Other,
}

/// One request.
#[derive(Debug, Clone)]
pub struct Request {
    pub kind: Kind,
    /// The how-manieth of its kind, from 1.
    pub nth: usize,
    pub method: String,
    /// Path and query.
    pub path: String,
    pub body: String,
}

impl Kind {
    pub fn of(method: &str, path: &str) -> Self {
        let path = path.split('?').next().unwrap_or(path);
        let parts: Vec<&str> = path.trim_start_matches('/').split('/').collect();
        match (method, parts.as_slice()) {
            ("GET", ["input", _, "next_batch"]) => Self::Read,
            ("GET", ["input", _, "restart"]) => Self::Restart,
            ("GET", ["items", _, "count"]) => Self::Count,
            ("POST", ["output", "output"]) => Self::Output,
            ("POST", ["output", "feedback"]) => Self::Feedback,
            ("POST", ["logs", _]) => Self::Log,
            _ => Self::Other,
        }
    }
}

impl Request {
    /// A log as `LEVEL MESSAGE`, its context behind it where there is one.
    pub fn as_log(&self) -> String {
        let level = self.path.rsplit('/').next().unwrap_or_default();
        let body: serde_json::Value = serde_json::from_str(&self.body).expect("a log is JSON");
        let message = body["message"].as_str().expect("a log has a message");
        match body.get("context") {
            Some(context) => format!("{level} {message} {context}"),
            None => format!("{level} {message}"),
        }
    }

    /// The rows of a write, byte for byte as they were sent.
    pub fn rows(&self) -> Vec<String> {
        let data = self
            .body
            .strip_prefix(r#"{"meta":{"separator":"-"},"data":"#)
            .and_then(|rest| rest.strip_suffix('}'))
            .unwrap_or_else(|| panic!("a write begins with its separator: {}", self.body));
        let rows: Vec<&serde_json::value::RawValue> =
            serde_json::from_str(data).expect("a write is a list of rows");
        rows.iter().map(|row| row.get().to_owned()).collect()
    }
}
