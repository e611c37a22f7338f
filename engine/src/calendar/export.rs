//! Windows for other programs: sync windows of Argo CD, and .ics for people's calendars.
//! Knows no policy. What it writes is wider than the windows or equal to them, never narrower.

mod argocd;
mod ics;
mod schedule;
mod zone;

pub use argocd::{Partial, SyncWindow, SyncWindows, argocd};
pub use ics::ics;
