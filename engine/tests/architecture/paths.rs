//! Finds every path that a source names: imports, inline paths, paths in serde attributes.
//! Knows nothing of layers.

use crate::architecture::tokens::{Kind, Token, tokens};

/// One step of a path and the line it stands on.
pub(crate) type Segment = (String, usize);

/// A path as written, and the module it is written in (inline modules included).
#[derive(Debug)]
pub(crate) struct Path {
    pub(crate) module: Vec<String>,
    pub(crate) segments: Vec<Segment>,
}

/// What a source names.
#[derive(Debug, Default)]
pub(crate) struct Named {
    pub(crate) paths: Vec<Path>,
    /// Modules declared as `#[cfg(test)] mod x;`: their files are test code.
    pub(crate) test_modules: Vec<Vec<String>>,
    /// Lines of `#[path = ".."]`, `include!("..")` and `extern crate self`, which would defeat the reading by names.
    pub(crate) disguises: Vec<usize>,
}

/// Reads a source that is the module `module`. Items under `#[cfg(test)]` are passed over.
pub(crate) fn named(source: &str, module: &[&str]) -> Named {
    let tokens = tokens(source);
    let mut reader = Reader {
        tokens: &tokens,
        module: module.iter().map(ToString::to_string).collect(),
        opened: Vec::new(),
        depth: 0,
        named: Named::default(),
    };
    let mut at = 0;
    while at < tokens.len() {
        at = reader.step(at);
    }
    reader.named
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    module: Vec<String>,
    /// Depths of braces at which inline modules were opened.
    opened: Vec<usize>,
    depth: usize,
    named: Named,
}

impl Reader<'_> {
    /// Reads what begins at `at` and returns where the next thing begins.
    fn step(&mut self, at: usize) -> usize {
        let Some(token) = self.tokens.get(at) else {
            return at + 1;
        };
        match (token.kind, token.text) {
            (Kind::Mark, "{") => self.depth += 1,
            (Kind::Mark, "}") => self.close(),
            (Kind::Mark, "#") => return self.attribute(at),
            (Kind::Word, "pub") if self.is(at + 1, "(") && self.is(at + 2, "in") => {
                return self.after(at + 1);
            }
            (Kind::Word, "mod") if self.is(at + 2, "{") => {
                self.module.push(self.text(at + 1).to_owned());
                self.opened.push(self.depth);
                self.depth += 1;
                return at + 3;
            }
            // `use<'a>` is a bound, not an import.
            (Kind::Word, "use") if !self.is(at + 1, "<") => return self.tree(at + 1, &[]),
            // What the build script wrote is data; any other file is code in a place of its own choice.
            (Kind::Word, "include") if self.is(at + 1, "!") && !self.is_built(at + 3) => {
                self.disguise(at);
            }
            (Kind::Word, "extern") if self.is(at + 1, "crate") => return self.extern_crate(at + 2),
            (Kind::Word, _) if self.is(at + 1, "::") => return self.tree(at, &[]),
            _ => {}
        }
        at + 1
    }

    fn close(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        if self.opened.last() == Some(&self.depth) {
            self.opened.pop();
            self.module.pop();
        }
    }

    /// Reads a path or a tree of them; the same grammar serves imports and inline paths.
    fn tree(&mut self, mut at: usize, prefix: &[Segment]) -> usize {
        let mut segments = prefix.to_vec();
        while let Some(token) = self.tokens.get(at) {
            match (token.kind, token.text) {
                (Kind::Mark, "::") => at += 1,
                (Kind::Mark, "{") => return self.branches(at + 1, &segments),
                (Kind::Word, _) | (Kind::Mark, "*") => {
                    segments.push((token.text.to_owned(), token.line));
                    at += 1;
                    if !self.is(at, "::") || self.is(at + 1, "<") {
                        break;
                    }
                }
                _ => break,
            }
        }
        if !segments.is_empty() {
            self.named.paths.push(Path {
                module: self.module.clone(),
                segments,
            });
        }
        at
    }

    fn branches(&mut self, mut at: usize, prefix: &[Segment]) -> usize {
        while at < self.tokens.len() && !self.is(at, "}") {
            at = self.tree(at, prefix);
            if self.is(at, "as") {
                at += 2;
            }
            if !self.is(at, "}") {
                at += 1;
            }
        }
        at + 1
    }

    fn extern_crate(&mut self, at: usize) -> usize {
        match self.tokens.get(at) {
            Some(token) if token.text == "self" => self.named.disguises.push(token.line),
            Some(token) => {
                let segments = vec![(token.text.to_owned(), token.line)];
                self.named.paths.push(Path {
                    module: self.module.clone(),
                    segments,
                });
            }
            None => {}
        }
        at + 1
    }

    /// `#[cfg(test)]` hides the item behind it; serde's and schemars' strings may be paths.
    fn attribute(&mut self, at: usize) -> usize {
        let inner = self.is(at + 1, "!");
        let open = if inner { at + 2 } else { at + 1 };
        if !self.is(open, "[") {
            return at + 1;
        }
        let end = self.after(open);
        let words = ["cfg", "(", "test", ")", "]"];
        if (open + 1..).zip(words).all(|(at, word)| self.is(at, word)) {
            return if inner {
                self.tokens.len()
            } else {
                self.hidden_item(end)
            };
        }
        match self.text(open + 1) {
            "path" => self.disguise(open),
            "cfg_attr" => {
                if (open..end).any(|at| self.is(at, "path") && self.is(at + 1, "=")) {
                    self.disguise(open);
                }
                self.strings(open, end);
            }
            "serde" | "schemars" => self.strings(open, end),
            // A diagnostic's code is spelled as a path and is none.
            "diagnostic" if self.is(open + 3, "code") => return self.after(open + 4),
            _ => {}
        }
        open + 1
    }

    fn disguise(&mut self, at: usize) {
        let line = self.tokens.get(at).map(|token| token.line);
        self.named.disguises.extend(line);
    }

    /// Whether `concat!(env!("OUT_DIR"), ..)` begins at `at`.
    fn is_built(&self, at: usize) -> bool {
        let words = ["concat", "!", "(", "env", "!", "(", "\"OUT_DIR\"", ")"];
        (at..).zip(words).all(|(at, word)| self.text(at) == word)
    }

    fn strings(&mut self, from: usize, to: usize) {
        let module: Vec<&str> = self.module.iter().map(String::as_str).collect();
        for token in self
            .tokens
            .iter()
            .take(to)
            .skip(from)
            .filter(|t| t.kind == Kind::Text)
        {
            for mut path in named(token.text.trim_matches('"'), &module).paths {
                for (_, line) in &mut path.segments {
                    *line = token.line;
                }
                self.named.paths.push(path);
            }
        }
    }

    fn hidden_item(&mut self, mut at: usize) -> usize {
        if self.is(at, "mod") && self.is(at + 2, ";") {
            let mut module = self.module.clone();
            module.push(self.text(at + 1).to_owned());
            self.named.test_modules.push(module);
        }
        let mut angles = 0_usize;
        while let Some(token) = self.tokens.get(at) {
            match token.text {
                "}" => return at,
                ";" => return at + 1,
                "," if angles == 0 => return at + 1,
                "{" => return self.after(at),
                "(" | "[" => {
                    at = self.after(at);
                    continue;
                }
                "<" => angles += 1,
                ">" if !self.is(at - 1, "-") => angles = angles.saturating_sub(1),
                _ => {}
            }
            at += 1;
        }
        at
    }

    /// Returns the place behind the bracket that closes the one at `at`.
    fn after(&self, at: usize) -> usize {
        let mut depth = 0_usize;
        for (place, token) in self.tokens.iter().enumerate().skip(at) {
            match (token.kind, token.text) {
                (Kind::Mark, "(" | "[" | "{") => depth += 1,
                (Kind::Mark, ")" | "]" | "}") => depth = depth.saturating_sub(1),
                _ => {}
            }
            if depth == 0 {
                return place + 1;
            }
        }
        self.tokens.len()
    }

    fn text(&self, at: usize) -> &str {
        self.tokens.get(at).map_or("", |token| token.text)
    }

    fn is(&self, at: usize, text: &str) -> bool {
        self.tokens
            .get(at)
            .is_some_and(|token| token.kind != Kind::Text && token.text == text)
    }
}
