//! A tab beside the page, for a look elsewhere in the same session: the page that is left stays as it is.

use thirtyfour::WindowHandle;

use super::{Stage, Trouble, call};
use crate::flow::wire::Dialog;

/// Where to return to.
#[derive(Debug)]
pub struct Tab {
    main: WindowHandle,
    window: WindowHandle,
    declared: Option<Dialog>,
    before: Vec<WindowHandle>,
}

impl Stage {
    /// Opens an empty tab and goes there: until it is closed, it is the main window.
    ///
    /// # Errors
    /// The browser opens none, for example because a dialog is open; then the stage is where it was.
    pub async fn open_tab(&mut self) -> Result<Tab, Trouble> {
        let before = call::bounded(self.driver.windows()).await?;
        let tab = call::bounded(self.driver.new_tab()).await?;
        let (main, window) = (self.main.clone(), self.window.clone());
        let back = Tab { main, window, declared: self.declared.take(), before };
        self.seen.push(tab.clone());
        self.main = tab.clone();
        if let Err(trouble) = self.go_to(tab).await {
            self.leave_tab(back).await?;
            return Err(trouble);
        }
        Ok(back)
    }

    /// Closes the tab, with what was opened from it, and goes back to the page that was left (out of its frames).
    ///
    /// # Errors
    /// The browser does not go back.
    pub async fn close_tab(&mut self, tab: Tab) -> Result<(), Trouble> {
        for extra in call::bounded(self.driver.windows()).await? {
            if !tab.before.contains(&extra) {
                call::bounded(self.driver.switch_to_window(extra)).await?;
                call::bounded(self.driver.close_window()).await?;
            }
        }
        self.leave_tab(tab).await
    }

    async fn leave_tab(&mut self, tab: Tab) -> Result<(), Trouble> {
        self.main = tab.main;
        self.declared = tab.declared;
        self.go_to(tab.window).await
    }

    pub(super) async fn go_to(&mut self, window: WindowHandle) -> Result<(), Trouble> {
        call::bounded(self.driver.switch_to_window(window.clone())).await?;
        self.window = window;
        self.in_frame = false;
        Ok(())
    }
}
