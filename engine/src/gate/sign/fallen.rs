//! Takes back what was judged by a state of `gate` that was taken back, so that the chain itself says so.
//! Judges nothing.

use super::Signer;
use crate::attest::{UnitId, Withdrawal};
use crate::gate::Error;
use crate::gate::chain::whole_seconds;
use crate::gate::key::seal_taking_back;
use crate::gate::scene::Scene;
use crate::model::Digest;
use crate::verify::{Chain, ChainLink};

impl Signer<'_> {
    /// The chain after its fallen links were withdrawn by statements of their own, which the next link lists;
    /// nothing where none fell.
    pub(super) fn without_fallen(
        &self,
        scene: &Scene,
        id: &UnitId,
        chain: &Chain,
    ) -> Result<Option<Chain>, Error> {
        let fallen = chain.fallen();
        if fallen.is_empty() {
            return Ok(None);
        }
        // Nothing is written beside a link that was lost sight of.
        self.check_store(id, chain)?;
        for link in fallen {
            self.withdraw_fallen(id, link)?;
        }
        self.request.store.settle()?;
        let chain = self.chain(scene, id)?;
        match chain.fallen().is_empty() {
            true => Ok(Some(chain)),
            false => Err(Error::GateWithdrawn {
                unit: id.to_string(),
            }),
        }
    }

    fn withdraw_fallen(&self, id: &UnitId, link: &ChainLink) -> Result<(), Error> {
        let request = self.request;
        let statement = Withdrawal {
            environment: id.environment().to_owned(),
            unit: id.unit().to_owned(),
            link: link.verified().digest(),
            reason: REASON.to_owned(),
            withdrawn_at: whole_seconds(request.now),
        };
        let payload = statement.to_statement_bytes()?;
        let envelope = seal_taking_back(&payload, self.trust, request.key, id, request.now)?;
        let store = request.store;
        Ok(store.publish_withdrawal(Digest::of(&payload), &envelope)?)
    }
}

const REASON: &str = "the state of gate that judged it was withdrawn";
