//! An embedded Container API for runs that nobody watches: of a tape, of a feed that is looked at.

use crate::container_api::ContainerApi;
use crate::plan::OptionValues;
use crate::sandbox::{Config, Sandbox};
use crate::stop::{self, StopSender};

/// An embedded Container API, and what speaks to it.
pub struct Stage {
    /// For the run.
    pub api: ContainerApi,
    // Both go with the stage: the API, and what would stop the run.
    _sandbox: Sandbox,
    _stop: StopSender,
}

impl Stage {
    /// Starts one for these options.
    pub async fn set(options: &OptionValues) -> Result<Self, String> {
        let sandbox = Sandbox::start(&Config::default())
            .await
            .map_err(|error| error.to_string())?;
        let (sender, stop) = stop::channel();
        let api = ContainerApi::new(&sandbox.url(), options.redactor(), stop)
            .map_err(|error| error.to_string())?;
        Ok(Self {
            api,
            _sandbox: sandbox,
            _stop: sender,
        })
    }
}
