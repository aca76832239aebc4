//! The answer to a native dialog.

use crate::flow::pen::Pen;
use crate::flow::raw::{Reader, Value};
use crate::flow::template::{Context, RenderError, Template};
use crate::flow::wire;

/// The answer with its template.
#[derive(Clone, Debug)]
pub(in crate::flow) enum Dialog {
    /// OK, with a text for a prompt.
    Accept(Option<Template>),
    /// Cancel.
    Dismiss,
}

/// `"accept"`, `"dismiss"` or `{ accept = "a text" }`.
pub(in crate::flow) fn answer(reader: &mut Reader<'_>, value: &Value<'_>) -> Option<Dialog> {
    const WORDS: [&str; 2] = ["accept", "dismiss"];
    if value.get_ref().is_table() {
        let table = reader.table(value)?;
        reader.refuse_unknown(table, "in `dialog`", &WORDS[..1]);
        let text = table.get("accept")?;
        return reader.template(text, Context::Text).map(|text| Dialog::Accept(Some(text)));
    }
    match reader.text(value)? {
        "accept" => Some(Dialog::Accept(None)),
        "dismiss" => Some(Dialog::Dismiss),
        other => {
            reader.unknown("unknown-answer", "answer to a dialog", other, &WORDS, value.span());
            None
        }
    }
}

impl Dialog {
    /// Whether it takes more than OK to answer.
    pub(in crate::flow) fn is_more_than_ok(&self) -> bool {
        !matches!(self, Self::Accept(None))
    }

    /// Renders it.
    pub(in crate::flow) fn render(&self, pen: &mut Pen<'_>) -> Result<wire::Dialog, RenderError> {
        Ok(match self {
            Self::Accept(text) => wire::Dialog::Accept(pen.write_if(text.as_ref())?),
            Self::Dismiss => wire::Dialog::Dismiss,
        })
    }
}
