//! Texts that a function makes, and that one template hands to another under a name, where `tpl` runs them.
//! Knows names alone: a name that is given such a text once holds one everywhere.

use std::collections::{BTreeMap, BTreeSet};

use super::body::{self, Body, Token, Tokens, argument};

/// What the templates of a chart hand on so far.
#[derive(Debug, Default)]
pub(super) struct Handed {
    /// Names that are given a text that was made.
    made: BTreeSet<String>,
    /// Names that are given what stands under another name.
    passed: Vec<(String, BTreeSet<String>)>,
    /// Names whose text `tpl` runs, and where.
    runs: Vec<(BTreeSet<String>, String)>,
}

impl Handed {
    /// Adds a text; `place` says where a byte of it is.
    pub(super) fn read(&mut self, text: &str, place: &dyn Fn(usize) -> String) {
        let bodies = body::bodies(text);
        let variables = Variables::of(&bodies);
        for body in &bodies {
            for (at, (start, token)) in body.tokens.iter().enumerate() {
                let rest = body.tokens.get(at + 1..).unwrap_or_default();
                match token {
                    Token::Word("tpl") => {
                        let names = variables.names(argument(rest));
                        self.runs.push((names, place(*start)));
                    }
                    Token::Word("dict") => self.pairs(&arguments(rest), &variables),
                    Token::Word("set") => {
                        let pair = arguments(rest);
                        self.pairs(pair.get(1..).unwrap_or_default(), &variables);
                    }
                    _ => {}
                }
            }
        }
    }

    /// The first place at which such a text is run.
    pub(super) fn hidden(&self) -> Option<&str> {
        let mut made = self.made.clone();
        loop {
            let before = made.len();
            for (name, of) in &self.passed {
                if !of.is_disjoint(&made) {
                    made.insert(name.clone());
                }
            }
            if made.len() == before {
                break;
            }
        }
        let run = self
            .runs
            .iter()
            .find(|(names, _)| !names.is_disjoint(&made));
        run.map(|(_, place)| place.as_str())
    }

    fn pairs(&mut self, arguments: &[Tokens<'_, '_>], variables: &Variables) {
        for pair in arguments.chunks(2) {
            let [[(_, Token::Quoted(name))], value] = pair else {
                continue;
            };
            let name = name.trim_matches(['"', '`']).to_owned();
            if variables.is_made(value) {
                self.made.insert(name);
            } else {
                self.passed.push((name, variables.names(value)));
            }
        }
    }
}

/// The variables of one text.
struct Variables {
    made: BTreeSet<String>,
    /// The names under which a variable was found.
    names: BTreeMap<String, BTreeSet<String>>,
}

impl Variables {
    fn of(bodies: &[Body<'_>]) -> Self {
        let mut found = Self {
            made: BTreeSet::new(),
            names: BTreeMap::new(),
        };
        // What is assigned from a variable that is assigned below is found by the second walk.
        for body in bodies.iter().chain(bodies) {
            let (made, names) = (found.is_made(&body.tokens), found.names(&body.tokens));
            for variable in body.assigned() {
                if made {
                    found.made.insert(variable.to_owned());
                }
                let known = found.names.entry(variable.to_owned()).or_default();
                known.extend(names.iter().cloned());
            }
        }
        found
    }

    fn is_made(&self, tokens: Tokens<'_, '_>) -> bool {
        tokens.iter().any(|(_, token)| match token {
            Token::Word(word) => MAKES.contains(word),
            Token::Variable(name) => self.made.contains(*name),
            _ => false,
        })
    }

    /// The names whose values these are; what is a value of the chart has none.
    fn names(&self, tokens: Tokens<'_, '_>) -> BTreeSet<String> {
        let mut names = BTreeSet::new();
        for chain in chains(tokens) {
            let fields = chain.iter().filter_map(|(_, token)| match token {
                Token::Field(name) => Some(*name),
                _ => None,
            });
            let fields: Vec<&str> = fields.collect();
            match (chain.first(), fields.last()) {
                _ if fields.contains(&"Values") || fields.contains(&"Files") => {}
                (_, Some(name)) if !name.is_empty() => {
                    names.insert((*name).to_owned());
                }
                (Some((_, Token::Variable(name))), _) => {
                    names.extend(self.names.get(*name).into_iter().flatten().cloned());
                }
                _ => {}
            }
        }
        names
    }
}

/// A value with the fields behind it, each as a run of tokens.
fn chains<'t, 'a>(tokens: Tokens<'t, 'a>) -> Vec<Tokens<'t, 'a>> {
    let mut chains = Vec::new();
    let mut start = 0;
    for end in 1..=tokens.len() {
        let joined = match (tokens.get(end - 1), tokens.get(end)) {
            (Some((at, token)), Some((next, Token::Field(_)))) => *next == at + token.length(),
            _ => false,
        };
        if !joined {
            chains.extend(tokens.get(start..end));
            start = end;
        }
    }
    chains
}

/// What a function is given: groups in parentheses, and single values with their fields.
fn arguments<'t, 'a>(mut tokens: Tokens<'t, 'a>) -> Vec<Tokens<'t, 'a>> {
    let mut found = Vec::new();
    while let Some((_, token)) = tokens.first() {
        let length = match token {
            Token::Mark('(') => argument(tokens).len() + 2,
            Token::Mark(_) => break,
            _ => chains(tokens).first().map_or(1, |chain| chain.len()),
        };
        let length = length.min(tokens.len());
        found.extend(tokens.get(..length));
        tokens = tokens.get(length..).unwrap_or_default();
    }
    found
}

/// Functions whose text may hold an action that stands nowhere. What `include` gives is that of a template, and
/// is not followed.
const MAKES: &[&str] = &[
    "b64dec",
    "b32dec",
    "decryptAES",
    "printf",
    "print",
    "println",
    "cat",
    "join",
    "replace",
    "regexReplaceAll",
    "regexReplaceAllLiteral",
    "mustRegexReplaceAll",
    "mustRegexReplaceAllLiteral",
    "regexFind",
    "substr",
    "trunc",
    "trimAll",
    "trimPrefix",
    "trimSuffix",
    "nospace",
    "repeat",
    "fromJson",
    "fromYaml",
    "lower",
    "upper",
    "title",
    "untitle",
    "swapcase",
    "snakecase",
    "kebabcase",
    "camelcase",
    "initials",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn hidden(texts: &[&str]) -> bool {
        let mut handed = Handed::default();
        for text in texts {
            handed.read(text, &|at| at.to_string());
        }
        handed.hidden().is_some()
    }

    #[test]
    fn a_text_that_is_made_and_handed_on_is_found_where_it_is_run() {
        let runs = "{{ define \"run\" }}{{ tpl .text .root }}{{ end }}";
        for text in [
            "{{ include \"run\" (dict \"text\" (b64dec .Values.x) \"root\" .) }}",
            "{{ $x := b64dec .Values.x }}{{ include \"run\" (dict \"root\" $ \"text\" $x) }}",
            "{{ $d := dict \"root\" . }}{{ $_ := set $d \"text\" (printf \"{%s\" \"{ now }}\") }}{{ include \"run\" $d }}",
            "{{ define \"a\" }}{{ include \"run\" (dict \"text\" .other) }}{{ end }}{{ include \"a\" (dict \"other\" (b64dec .Values.x)) }}",
        ] {
            assert!(hidden(&[text, runs]), "{text}");
        }
        let renders = "{{ $v := typeIs \"string\" .text | ternary .text (.text | toYaml) }}{{ tpl $v .context }}";
        assert!(hidden(&[
            "{{ include \"r\" (dict \"text\" (b64dec .Values.x)) }}",
            renders
        ]));
        for text in [
            "{{ include \"run\" (dict \"text\" .Values.x \"root\" (printf \"x\")) }}",
            "{{ include \"run\" (dict \"text\" (toYaml .Values.x) \"root\" .) }}",
            "{{ include \"other\" (dict \"name\" (printf \"%s-x\" .Release.Name)) }}",
        ] {
            assert!(!hidden(&[text, runs, renders]), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_read_without_a_panic(text in "[{}()\"'`| .$a-z=é-]{0,60}|[{}() dictsetpl\".x]{0,50}") {
            let _ = hidden(&[&format!("{{{{ dict {text} }}}}"), &text]);
        }
    }
}
