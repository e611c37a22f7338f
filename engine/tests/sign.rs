//! Signing and admission on real repositories, from the first key to the last refusal.

mod admission;
mod application;
mod around;
mod attributes;
mod back;
mod beginning;
mod binding;
mod branch;
mod bytes;
mod faults;
mod flipped;
mod forged;
mod freeze;
mod history;
mod judge;
mod keys;
mod lost;
mod outputs;
mod promotion;
mod publishing;
mod race;
mod relaxed;
mod renewal;
mod trust;
mod world;
