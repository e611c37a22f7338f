//! tidegate judges what a commit range changes in a GitOps repository and signs the verdict.
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod attest;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
pub mod facts;
pub mod gate;
pub mod git;
pub mod input;
pub mod manifest;
pub mod model;
pub mod policy;
pub mod report;
pub mod schemas;
pub mod store;
pub mod verdict;
pub mod verify;
