//! What is rendered, in real repositories.
//! Knows no unit.

mod real;
