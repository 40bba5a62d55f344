//! Mode data-source: rows from elsewhere to the site.

use super::Run;
use super::error::RunError;
use crate::columns::Mapper;
use crate::source::Records;

impl Run {
    pub(super) async fn data_source(&self, mut mapper: Mapper) -> Result<(), RunError> {
        let mut records = Records::new(&self.plan.source, &self.base)?;
        while let Some((record, frame)) = records.next_record()? {
            self.check_stop()?;
            self.counters.add_taken(1);
            self.counters.add_read(1);
            if let Some(mapped) = mapper.map_record(&record, &frame)? {
                self.write_mapped(mapped).await?;
                self.judge_limits(false)?;
            }
        }
        self.write_mapped(mapper.finish()?).await
    }
}
