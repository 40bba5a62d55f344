//! Files on disk.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::glob::split_glob;
use super::{FileEntry, Local, Opened, PlaceError, temporary};
use crate::stop::Stop;
use crate::work_thread::on_thread;

pub fn find(path: &str) -> Result<Vec<FileEntry>, PlaceError> {
    let (folder, glob) = split_glob(path)?;
    let Some(glob) = glob else {
        return match fs::metadata(path) {
            Ok(_) => Ok(vec![FileEntry {
                path: path.to_owned(),
                changed: None,
            }]),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(PlaceError::of_disk(&error)),
        };
    };
    let mut files = Vec::new();
    let entries = fs::read_dir(folder).map_err(|error| PlaceError::of_disk(&error).of(folder))?;
    for entry in entries {
        let entry = entry.map_err(|error| PlaceError::of_disk(&error))?;
        let is_file = entry.metadata().is_ok_and(|data| data.is_file());
        if !is_file || !glob.is_match(entry.file_name()) {
            continue;
        }
        let changed = entry.metadata().and_then(|data| data.modified()).ok();
        let changed = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        files.push(FileEntry {
            path: entry.path().to_string_lossy().into_owned(),
            changed: changed.and_then(|time| i64::try_from(time.as_millis()).ok()),
        });
    }
    Ok(files)
}

pub fn open(path: &str) -> Result<Opened, PlaceError> {
    let file = File::open(path).map_err(|error| PlaceError::of_disk(&error))?;
    Ok(Box::new(file))
}

/// Puts a file there: copied beside its place, then renamed.
pub async fn put(local: &Path, path: &str, stop: &Stop) -> Result<(), PlaceError> {
    let (local, path, stop) = (local.to_owned(), path.to_owned(), stop.clone());
    on_thread(move || {
        let file = File::open(local).map_err(|error| PlaceError::of_disk(&error))?;
        let mut file = Local::new(file, &stop);
        let part = temporary(&path);
        let copied = copy(&mut file, &part).and_then(|()| fs::rename(&part, &path));
        copied.map_err(|error| {
            // It may not have come so far.
            let _ = fs::remove_file(&part);
            file.not_written(match error.kind() {
                io::ErrorKind::NotFound => PlaceError::lasting("the folder is not there"),
                _ => PlaceError::of_disk(&error),
            })
        })
    })
    .await?
}

fn copy(from: &mut Local, part: &str) -> io::Result<()> {
    let mut to = File::create(part)?;
    io::copy(from, &mut to)?;
    // What is renamed is on the disk.
    to.sync_all()
}
