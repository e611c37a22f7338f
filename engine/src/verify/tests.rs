//! What admits and what does not, on a shop with a fake repository and a store in memory.
//! Knows no file but those of the race.

mod arbitrary;
mod beside;
mod binding;
mod edges;
mod history;
mod minutes;
mod race;
mod shop;
mod single;
mod zones;
