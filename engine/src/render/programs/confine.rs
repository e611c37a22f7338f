//! Closes the file system and the network to a thread and all that it starts, where the kernel lets an ordinary user do that.
//! Knows nothing of what is started.

#[cfg(target_os = "linux")]
mod linux;

use std::thread;

use super::needs::Needs;

/// What a kernel closes to a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confinement {
    /// Every file and every program, but those that it needs.
    pub files: bool,
    /// Every socket.
    pub network: bool,
}

impl Confinement {
    /// Everything that can be closed.
    pub const FULL: Self = Self {
        files: true,
        network: true,
    };
    /// Nothing.
    pub const NONE: Self = Self {
        files: false,
        network: false,
    };

    /// What stays open, in words.
    #[must_use]
    pub fn left_open(self) -> &'static str {
        match (self.files, self.network) {
            (false, false) => "the file system and the network",
            (false, true) => "the file system",
            (true, false) => "the network",
            (true, true) => "only what it needs",
        }
    }
}

/// What this kernel closes, tried on a thread that ends at once.
pub(super) fn probe() -> Confinement {
    let tried = thread::spawn(|| this_thread(&Needs::default()));
    tried.join().unwrap_or(Confinement::NONE)
}

/// Closes everything to this thread but what is needed, and says what it could close.
#[cfg(target_os = "linux")]
pub(super) fn this_thread(needs: &Needs) -> Confinement {
    Confinement {
        files: linux::close_files(needs).unwrap_or(false),
        network: linux::close_network().unwrap_or(false),
    }
}

/// Elsewhere nothing can be closed.
#[cfg(not(target_os = "linux"))]
pub(super) fn this_thread(_: &Needs) -> Confinement {
    Confinement::NONE
}
