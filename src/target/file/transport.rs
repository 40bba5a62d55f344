//! The platform's own transport: the file is put into the directory that is shared with the Container
//! API, which is asked to take it from there; then its process is waited for.

use std::path::Path;

use super::upload::Delivered;
use crate::container_api::{ContainerApi, ProcessEnd, StartError};
use crate::places::{Place, PlaceError};
use crate::plan::file_name::FileName;

pub async fn deliver(
    api: &ContainerApi,
    shared: &Path,
    name: &FileName,
    local: &Path,
) -> Delivered {
    let place = shared.join(&name.name);
    // On the platform it is there.
    let _ = std::fs::create_dir_all(shared);
    let disk = Place::disk(api.stop());
    match disk.put(local, &place.to_string_lossy()).await {
        Ok(()) => {}
        Err(PlaceError::Failed { reason, .. } | PlaceError::Unknown(reason)) => {
            return Delivered::Failed(format!(
                "the file can't be put into {}, which is shared with the Container API: {reason}",
                shared.display()
            ));
        }
        Err(PlaceError::Stopped) => return Delivered::Stopped,
    }
    let remote = match name.whole.strip_prefix('/') {
        Some(_) => name.whole.clone(),
        None => format!("/{}", name.whole),
    };
    let delivered = by_process(api, &format!("/{}", name.name), &remote).await;
    // Once it is taken nobody needs it here; where nobody knows, it may be needed yet.
    if !matches!(delivered, Delivered::Unknown(_)) {
        let _ = std::fs::remove_file(&place);
    }
    delivered
}

async fn by_process(api: &ContainerApi, source: &str, remote: &str) -> Delivered {
    let id = match api.to_transport(source, remote).await {
        Ok(id) => id,
        Err(StartError::NotDone(reason)) => return Delivered::Failed(reason),
        Err(StartError::InDoubt(reason)) => return Delivered::Unknown(reason),
        Err(StartError::Stopped) => return Delivered::Stopped,
    };
    match api.process_end(&id).await {
        ProcessEnd::Done => Delivered::Done,
        ProcessEnd::Failed(reason) => Delivered::Failed(reason),
        ProcessEnd::Unknown(reason) => Delivered::Unknown(reason),
        ProcessEnd::Stopped => Delivered::Unknown(format!(
            "the run was stopped while process {id} delivered the file"
        )),
    }
}
