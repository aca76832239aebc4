//! Flows in real browsers: each group of cases runs in one Firefox and in one Chromium, one case after the other, and names
//! every case that failed.

mod afresh;
mod armed;
mod chain;
mod commit;
mod conditions;
mod evidence;
mod kept;
mod left_overs;
mod locators;
mod origins;
mod own_clock;
mod site;
mod steps;
mod verbs;
mod waiting;
mod waits;
mod windows;
mod world;

/// Two tests, one per browser, of a module's `cases()`.
macro_rules! in_both_browsers {
    () => {
        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn firefox() {
            crate::browser::world::run(crate::browser::world::Engine::Firefox, cases()).await;
        }

        #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
        async fn chromium() {
            crate::browser::world::run(crate::browser::world::Engine::Chromium, cases()).await;
        }
    };
}
use in_both_browsers;
