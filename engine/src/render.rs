//! What kustomize and Helm make of folders of a tree: which files decide it, and the objects that come out.
//! Reads Git trees, never a checkout; knows nothing of units and policies.

mod by_hand;
mod cache;
mod closure;
mod error;
mod export;
mod extent;
mod files;
pub mod helm;
pub mod kustomize;
mod online;
mod options;
mod private;
mod programs;
mod rendered;
mod workshop;

pub use by_hand::RunError;
pub use cache::{Cache, CacheStats};
pub use closure::{Closure, ClosureError};
pub use error::Error;
pub use export::{ExportError, Exported};
pub use extent::Extent;
pub use files::{Files, FilesError, Found, GitFiles, inside};
pub use helm::is_one_name;
pub use online::{FetchError, Mount, Naming, Online, Pinned, Remotes, Unfit};
pub use options::{
    Deployer, Helm, ImageOverride, Kustomize, LabelOverride, Parameter, Rendering, Tool,
};
pub use programs::{Bounds, Confinement, Demand, Program, ProgramError, Programs, ProgramsConfig};
pub use rendered::{Origin, RemoteBase, Rendered};
pub use workshop::{Workshop, closure};
