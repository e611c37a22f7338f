//! Linux: Landlock closes files, seccomp closes system calls. Both hold for the thread and what it starts, and are never lifted.
//! Knows nothing of what is started.

use std::collections::BTreeMap;

use landlock::{
    ABI, Access as _, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr as _,
    RulesetCreatedAttr as _, RulesetError, RulesetStatus, Scope, path_beneath_rules,
};
use seccompiler::{BpfProgram, SeccompAction, SeccompFilter, TargetArch};

use super::Needs;

/// Closes every file but those that are needed, and says whether the kernel took it. A kernel that knows
/// fewer rights closes those that it knows: reading, executing and writing are among the first.
pub(super) fn close_files(needs: &Needs) -> Result<bool, RulesetError> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir;
    let execute: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::Execute;
    let write = AccessFs::from_all(NEWEST) & !AccessFs::Execute;
    let closed = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))?
        .handle_access(AccessNet::from_all(NEWEST))?
        .scope(Scope::from_all(NEWEST))?
        .create()?
        .add_rules(path_beneath_rules(&needs.execute, execute))?
        .add_rules(path_beneath_rules(&needs.read, read))?
        .add_rules(path_beneath_rules(&needs.write, write))?
        .restrict_self()?;
    Ok(closed.ruleset != RulesetStatus::NotEnforced)
}

/// Closes every socket, and what would lead around that or around the bounds of the process.
pub(super) fn close_network() -> Option<bool> {
    let architecture: TargetArch = std::env::consts::ARCH.try_into().ok()?;
    let closed = CLOSED.into_iter().flat_map(spellings);
    let closed: BTreeMap<i64, Vec<_>> = closed.map(|call| (call, Vec::new())).collect();
    let errno = u32::try_from(libc::EPERM).ok()?;
    let filter = SeccompFilter::new(
        closed,
        SeccompAction::Allow,
        SeccompAction::Errno(errno),
        architecture,
    );
    let filter: BpfProgram = filter.ok()?.try_into().ok()?;
    seccompiler::apply_filter(&filter).ok()?;
    Some(true)
}

/// On x86-64 each call has a second number.
fn spellings(call: i64) -> impl Iterator<Item = i64> {
    let second = cfg!(target_arch = "x86_64").then_some(call | X32);
    [call].into_iter().chain(second)
}

/// The newest that the library knows; it leaves out what the kernel does not.
const NEWEST: ABI = ABI::V9;
const X32: i64 = 0x4000_0000;

const CLOSED: [i64; 26] = [
    // Sockets, and the way to them that no filter sees.
    libc::SYS_socket,
    libc::SYS_socketpair,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    // Other processes, and leaving the group that is ended as one.
    libc::SYS_setsid,
    libc::SYS_kill,
    libc::SYS_pidfd_open,
    libc::SYS_pidfd_getfd,
    libc::SYS_pidfd_send_signal,
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    // Programs that are no file.
    libc::SYS_memfd_create,
    // The kernel's own doors.
    libc::SYS_add_key,
    libc::SYS_bpf,
    libc::SYS_keyctl,
    libc::SYS_mount,
    libc::SYS_perf_event_open,
    libc::SYS_request_key,
    libc::SYS_setns,
    libc::SYS_unshare,
    libc::SYS_userfaultfd,
    libc::SYS_open_by_handle_at,
    libc::SYS_prlimit64,
    libc::SYS_setrlimit,
];
