//! Files on disk.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::{Found, split_glob, temporary};

pub fn find(path: &str) -> Result<Vec<Found>, String> {
    let (folder, glob) = split_glob(path)?;
    let Some(glob) = glob else {
        return match fs::metadata(path) {
            Ok(_) => Ok(vec![Found {
                path: path.to_owned(),
                changed: None,
            }]),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error.to_string()),
        };
    };
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| format!("{folder}: {error}"))?;
    for entry in entries {
        let entry = entry.map_err(|error| error.to_string())?;
        let is_file = entry.metadata().is_ok_and(|data| data.is_file());
        if !is_file || !glob.is_match(entry.file_name()) {
            continue;
        }
        let changed = entry.metadata().and_then(|data| data.modified()).ok();
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        files.push(Found {
            path: entry.path().to_string_lossy().into_owned(),
            changed: changed.and_then(|time| i64::try_from(time.as_millis()).ok()),
        });
    }
    Ok(files)
}

pub fn open(path: &str) -> Result<Box<dyn Read + Send>, String> {
    let file = File::open(path).map_err(|error| error.to_string())?;
    Ok(Box::new(file))
}

/// Puts a file there: copied beside its place, then renamed.
pub fn put(local: &Path, path: &str) -> Result<(), String> {
    let part = temporary(path);
    let copied = copy(local, &part).and_then(|()| fs::rename(&part, path));
    copied.map_err(|error| {
        // It may not have come so far.
        let _ = fs::remove_file(&part);
        match error.kind() {
            io::ErrorKind::NotFound => "the folder is not there".to_owned(),
            _ => error.to_string(),
        }
    })
}

fn copy(local: &Path, part: &str) -> io::Result<()> {
    let mut from = File::open(local)?;
    let mut to = File::create(part)?;
    io::copy(&mut from, &mut to)?;
    // What is renamed is on the disk.
    to.sync_all()
}
