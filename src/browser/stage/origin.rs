//! Secrets are shown only to the origins that the person named: a page can lead anywhere.

use super::{FailureKind, Stage, Trouble, call};
use crate::flow::page::{Call, Tried, TriedState};
use crate::flow::wire::{Step, Verb};
use crate::model::Origins;

impl Stage {
    /// Where steps that hold a secret may be done from now on; until this is said, nowhere.
    pub fn trust(&mut self, origins: Origins) {
        self.trusted = origins;
    }

    /// Refuses a secret step whose own address is no place for secrets; nothing was sent.
    pub(super) fn refuse_address(&self, step: &Step) -> Result<(), Trouble> {
        let address = match &step.verb {
            Verb::Go(address) => address,
            Verb::Request(request) => &request.url,
            _ => return Ok(()),
        };
        match self.trusted.refuse(address).filter(|_| step.secret) {
            Some(why) => Err(Trouble::new(FailureKind::Origin, why)),
            None => Ok(()),
        }
    }

    /// Refuses a program with a secret whose steps would be done in, or go to, an origin that is not trusted.
    pub(super) async fn refuse_secrets_of(&self, steps: &[Step]) -> Result<(), Trouble> {
        let mut left: Vec<&Step> = steps.iter().filter(|step| step.secret).collect();
        if left.is_empty() {
            return Ok(());
        }
        while let Some(step) = left.pop() {
            self.refuse_address(step)?;
            if let Verb::When { steps, .. } | Verb::Repeat { steps, .. } = &step.verb {
                left.extend(steps);
            }
        }
        let url = call::bounded(self.driver.current_url()).await?;
        self.trusted.refuse(url.as_str()).map_or(Ok(()), |why| Err(Trouble::new(FailureKind::Origin, why)))
    }

    /// The call, made only where the document (of the frame that is entered) is of a trusted origin. It is the page's own script
    /// that looks: nothing can come between the look and the act.
    pub(super) fn only_where_trusted(&self, step: &Step, call: Call) -> Call {
        if !step.secret {
            return call;
        }
        // Nothing of the page is asked but `location`, which a page cannot forge.
        let known: Vec<_> =
            self.trusted.names().iter().map(|name| format!("at === {}", serde_json::json!(name))).collect();
        let known = if known.is_empty() { "false".to_owned() } else { known.join(" || ") };
        let script = format!(
            "const at = location.origin;\nif (!({known})) return {{ value: {{ state: 'wait', kind: 'origin', reason: at }} }};\n{}",
            call.script
        );
        Call { script, ..call }
    }

    /// The trouble of a step that the page did not do yet, or cannot do. A page may still be on its way to one that is trusted.
    pub(super) fn trouble_of(&self, tried: Tried) -> Trouble {
        let trouble = Trouble::told(tried.kind.as_deref(), tried.reason, tried.state == TriedState::Wait);
        match trouble.kind {
            FailureKind::Origin => {
                let why = self.trusted.refuse(&trouble.reason);
                Trouble { reason: why.unwrap_or_else(|| trouble.reason.clone()), ..trouble }
            }
            _ => trouble,
        }
    }
}
