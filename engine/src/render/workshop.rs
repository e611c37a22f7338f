//! Renders a folder: what was rendered of the same files before is known, the rest is exported and given to a program.
//! Knows nothing of the objects that come out.

mod kept;

use serde_json::json;

use super::{
    Cache, Closure, Error, Exported, Files, Programs, ProgramsConfig, Remotes, Rendered, Rendering,
    Tool, helm, kustomize,
};
use crate::model::Digest;

/// The programs that render, and what they gave before.
#[derive(Debug)]
pub struct Workshop {
    programs: Programs,
    cache: Cache,
    remotes: Option<Remotes>,
}

/// The files that decide what a rendering gives.
///
/// # Errors
/// Whatever no program is asked about: a remote input, a path out of the tree, a field that nobody knows.
pub fn closure(files: &dyn Files, rendering: &Rendering) -> Result<Closure, Error> {
    let (folder, deployer) = (&rendering.folder, rendering.deployer);
    Ok(match &rendering.tool {
        Tool::Kustomize(options) => kustomize::closure(files, folder, options, deployer)?,
        Tool::Helm(options) => helm::closure(files, folder, options, deployer)?,
    })
}

/// No program, and nothing is known.
impl Default for Workshop {
    fn default() -> Self {
        Self::new(Programs::new(ProgramsConfig::default()), Cache::off())
    }
}

impl Workshop {
    /// One that runs `programs` for what `cache` does not know.
    #[must_use]
    pub fn new(programs: Programs, cache: Cache) -> Self {
        Self {
            programs,
            cache,
            remotes: None,
        }
    }

    /// The same, with what fetches remote bases.
    #[must_use]
    pub fn online(self, remotes: Remotes) -> Self {
        Self {
            remotes: Some(remotes),
            ..self
        }
    }

    /// What fetches remote bases; none where they are refused.
    #[must_use]
    pub fn remotes(&self) -> Option<&Remotes> {
        self.remotes.as_ref()
    }

    /// The programs that it runs.
    #[must_use]
    pub fn programs(&self) -> &Programs {
        &self.programs
    }

    /// What comes out of a folder, whose inputs are `closure`.
    ///
    /// # Errors
    /// There is no program, the files cannot be given to it, or it fails.
    pub fn render(
        &self,
        files: &dyn Files,
        rendering: &Rendering,
        closure: &Closure,
    ) -> Result<Rendered, Error> {
        let program = match &rendering.tool {
            Tool::Kustomize(_) => self.programs.kustomize()?,
            Tool::Helm(_) => self.programs.helm()?,
        };
        let key = json!([
            VERSION,
            program.name,
            program.version,
            rendering,
            closure.digest()
        ]);
        let key = Digest::of(key.to_string().as_bytes());
        let known = self.cache.get(&key);
        if let Some(rendered) = known.and_then(|bytes| kept::read(&bytes)) {
            return Ok(rendered);
        }
        let exported = Exported::of(files, closure, self.programs.temporary())?;
        let (folder, deployer) = (&rendering.folder, rendering.deployer);
        let programs = &self.programs;
        let rendered = match &rendering.tool {
            Tool::Kustomize(options) => {
                kustomize::build(&exported, files, folder, options, deployer, programs)?
            }
            Tool::Helm(options) => {
                helm::template(&exported, files, folder, options, deployer, programs)?
            }
        };
        if rendering.secrets().is_empty()
            && let Some(bytes) = kept::written(&rendered)
        {
            self.cache.put(&key, &bytes);
        }
        Ok(rendered)
    }
}

/// Of what is kept; another one forgets all of it.
const VERSION: &str = env!("CARGO_PKG_VERSION");
