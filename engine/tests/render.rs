//! What is rendered: in real repositories, and what may not be.
//! Knows no unit.

mod declared;
mod real;
mod remote;
