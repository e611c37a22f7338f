//! tidegate judges what a commit range changes in a GitOps repository and signs the verdict; a sync
//! goes ahead only where such a verdict still holds and names exactly what is about to be deployed.
//!
//! # The flow, one way
//!
//! ```text
//!  git ──► manifest ──► change ──► facts ──► input ──► policy ──► verdict ──► attest ──► store
//!  trees   objects      what is    what is   one JSON  Rego       pass/fail   DSSE and   links,
//!  blobs   with places  different  true      document  answers    per unit    in-toto    by height
//! ```
//!
//! [`gate`] wires the layers and alone knows the whole flow; [`verify`] walks the links of a
//! [`store`] back and says whether they admit a revision; [`report`] prints what came out. A layer
//! imports only what stands to its left in `model → registry git manifest calendar config → render → sources → change → facts → input →
//! policy → verdict → attest → store verify report → gate → init → doctor → cli`, and a test holds it to that.
//!
//! Three different no's are never mixed, and none of them is ever a pass: a
//! [finding](model::Finding) is a policy that objects, a [refusal](verify::Refusal) a verdict that
//! does not fit, an [error](gate::Error) a question that could not be answered. Below `cli` nothing
//! reads the clock or the environment: the instant of a judgement is an argument, and the same
//! arguments give the same bytes.
//!
//! # Example
//!
//! A Deployment loses its memory limit, and the policies that are built in object:
//!
//! ```
//! use tidegate::gate::{self, Request, What};
//! use tidegate::git::{Draft, Repository};
//!
//! let folder = tempfile::tempdir()?;
//! let shop = Draft::init(folder.path())?;
//! let deployment = "{apiVersion: apps/v1, kind: Deployment, metadata: {name: odoo}, spec: {template: {spec:
//!   {containers: [{name: odoo, resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}}]}}}}";
//! shop.write("tidegate.yaml", b"environments: [{name: prod, paths: ['apps/**']}]")?;
//! shop.write("apps/odoo.yaml", deployment.as_bytes())?;
//! let base = shop.commit("the shop", 0)?;
//! shop.write("apps/odoo.yaml", deployment.replace(", limits: {memory: 1Gi}", "").as_bytes())?;
//! let head = shop.commit("let the web workers breathe", 60)?;
//!
//! let what = What::Range(format!("{base}..{head}"));
//! let now = "2026-11-20T10:00:00Z".parse()?;
//! let request = Request { what, environment: None, unit: None, everything: false, now,
//!     policy_ref: None, config: None };
//! let report = gate::check(&Repository::open(folder.path())?, &request)?;
//! assert_eq!(report.units[0].findings[0].code, "resources.missing-memory-limit");
//! assert_eq!(report.exit.code(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod attest;
pub mod calendar;
pub mod change;
#[cfg(feature = "cli")]
pub mod cli;
pub mod config;
#[cfg(feature = "cli")]
pub mod doctor;
pub mod facts;
pub mod gate;
pub mod git;
pub mod init;
pub mod input;
pub mod manifest;
pub mod model;
pub mod policy;
pub mod registry;
pub mod render;
pub mod report;
pub mod schemas;
pub mod sources;
pub mod store;
pub mod verdict;
pub mod verify;
