//! Where a template decides by chance, and where it runs a text that one of its functions made.
//! Knows the words of one text; what is handed from one template to another is not followed.

use std::collections::BTreeSet;

use super::actions::{self, Function};
use super::body::{self, Body, Token, argument, uses};

/// Why a template is not judged, and where it says so, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Two renderings may agree, and a third not.
    Chance(&'static str, usize),
    /// A text for `tpl` that stands nowhere.
    Hidden(usize),
}

/// The first flaw of a template.
pub(super) fn flaw(text: &str) -> Option<Flaw> {
    let bodies = body::bodies(text);
    let chosen = assigned(&bodies, |body| body.chance().is_some());
    let made = assigned(&bodies, |body| makes(&body.tokens));
    let only_secrets = makes_secrets_only(text);
    let mut within: Vec<&Body<'_>> = Vec::new();
    for body in &bodies {
        if let Some((name, at)) = body.may_agree(only_secrets) {
            return Some(Flaw::Chance(name, at));
        }
        if let Some((name, at)) = body.chance() {
            let in_define = within.iter().any(|outer| outer.is(&["define", "block"]));
            let assigns = body.assigned().next().is_some() && !only_secrets;
            if in_define || assigns || body.is(CONDITIONS) || body.names(HANDS_ON) {
                return Some(Flaw::Chance(name, at));
            }
        }
        if body.is(CONDITIONS) && body.uses(&chosen) {
            return Some(Flaw::Chance(
                "a variable that was chosen by chance",
                body.at,
            ));
        }
        let dot_is_made = within.iter().any(|outer| {
            outer.is(&["with", "range"]) && (makes(&outer.tokens) || outer.uses(&made))
        });
        if let Some(at) = body.hidden(&made, dot_is_made) {
            return Some(Flaw::Hidden(at));
        }
        if body.is(&["end"]) {
            within.pop();
        } else if body.is(&["if", "with", "range", "define", "block"]) {
            within.push(body);
        }
    }
    None
}

impl Body<'_> {
    /// The first function whose answer is another one each time; an order that may differ is none.
    fn chance(&self) -> Option<(&'static str, usize)> {
        self.tokens.iter().find_map(|(at, token)| match token {
            Token::Word(word) => match actions::function(word) {
                Some(Function::Random(name)) if !is_order(name) => Some((name, *at)),
                _ => None,
            },
            _ => None,
        })
    }

    /// The first function whose answers are so few that two may well be the same by chance: those of an
    /// order that nothing sorts, and of few letters.
    fn may_agree(&self, only_secrets: bool) -> Option<(&'static str, usize)> {
        self.tokens
            .iter()
            .enumerate()
            .find_map(|(place, (at, token))| {
                let Token::Word(word) = token else {
                    return None;
                };
                let Some(Function::Random(name)) = actions::function(word) else {
                    return None;
                };
                let few = match name {
                    "randInt" | "shuffle" => true,
                    "keys" | "values" => !self.is_sorted(place),
                    name if name.starts_with("rand") => match self.tokens.get(place + 1) {
                        Some((_, Token::Word(count))) => {
                            count.parse::<u32>().is_ok_and(|count| count < LETTERS)
                        }
                        _ => !only_secrets,
                    },
                    _ => false,
                };
                few.then_some((name, *at))
            })
    }

    /// Whether the order of what stands at `place` is lost at once: it is sorted, counted, or searched.
    fn is_sorted(&self, place: usize) -> bool {
        let is = |(_, token): &(usize, Token<'_>)| matches!(token, Token::Word(word) if UNORDERED.contains(word));
        let before = self.tokens.get(place.saturating_sub(3)..place);
        let mut after = self.tokens.iter().skip(place);
        after.find(|(_, token)| *token == Token::Mark('|'));
        before.unwrap_or_default().iter().any(is) || after.next().is_some_and(is)
    }

    /// Where `tpl` is given a text that was made.
    fn hidden(&self, made: &BTreeSet<&str>, dot_is_made: bool) -> Option<usize> {
        for (place, (at, token)) in self.tokens.iter().enumerate() {
            if *token != Token::Word("tpl") {
                continue;
            }
            let text = argument(self.tokens.get(place + 1..).unwrap_or_default());
            let of_dot = text
                .iter()
                .any(|(_, token)| matches!(token, Token::Field(name) if !FIXED.contains(name)));
            let starts_at_dot = matches!(text.first(), Some((_, Token::Field(name))) if !FIXED.contains(name))
                || text.len() > 1 && of_dot;
            if text.is_empty() || makes(text) || uses(text, made) || dot_is_made && starts_at_dot {
                return Some(*at);
            }
        }
        None
    }
}

/// Whether a text may come of it that stands nowhere as it is.
fn makes(tokens: &[(usize, Token<'_>)]) -> bool {
    tokens.iter().any(|(_, token)| match token {
        Token::Word(word) => {
            !word.starts_with(|c: char| c.is_ascii_digit()) && !HANDS_OUT.contains(word)
        }
        Token::Quoted(text) => !text.starts_with('`') && has_escape(text),
        _ => false,
    })
}

/// The variables that such an action assigns, and those that are assigned from them.
fn assigned<'a>(bodies: &[Body<'a>], such: impl Fn(&Body<'a>) -> bool) -> BTreeSet<&'a str> {
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for body in bodies {
            if such(body) || body.uses(&found) {
                found.extend(body.assigned());
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// Whether each object that a template names is a Secret.
fn makes_secrets_only(text: &str) -> bool {
    let kinds = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("kind:"));
    let mut kinds = kinds.peekable();
    kinds.peek().is_some() && kinds.all(|kind| kind.trim() == "Secret")
}

/// Whether letters are written by their numbers.
fn has_escape(text: &str) -> bool {
    let behind = text.split('\\').skip(1);
    behind
        .into_iter()
        .any(|rest| rest.starts_with(['x', 'u', 'U', '0', '1', '2', '3']))
}

/// Whether a function gives the same things in an order that may be another one.
pub(super) fn is_order(function: &str) -> bool {
    matches!(function, "keys" | "values")
}

/// Of so many letters no two texts are the same by chance.
const LETTERS: u32 = 8;
/// Functions that give the same for each order; the last one ends the rendering.
const UNORDERED: &[&str] = &["sortAlpha", "len", "has", "fail"];
const CONDITIONS: &[&str] = &["if", "else", "with", "range"];
/// Functions that put what they are given where a condition may find it.
const HANDS_ON: &[&str] = &[
    "set",
    "dict",
    "list",
    "merge",
    "mergeOverwrite",
    "include",
    "template",
    "tpl",
    "append",
    "prepend",
];
/// Fields of the root that no template makes.
const FIXED: &[&str] = &[
    "Values",
    "Files",
    "Chart",
    "Release",
    "Template",
    "Capabilities",
];
/// Functions that hand out a text as they were given it, and words of the language.
const HANDS_OUT: &[&str] = &[
    "toYaml", "toJson", "toString", "default", "required", "index", "get", "dig", "ternary",
    "coalesce", "first", "last", "typeIs", "kindIs", "typeOf", "kindOf", "hasKey", "has",
    "contains", "empty", "eq", "ne", "not", "and", "or", "indent", "nindent", "if", "else", "with",
    "range", "end", "define", "true", "false", "nil",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chance_that_a_condition_may_see_is_found() {
        for text in [
            "{{ if lt (randInt 0 1000 | int) 3 }}evil{{ end }}",
            "{{ if .a }}{{ else if eq (randNumeric 1) \"7\" }}evil{{ end }}",
            "{{ with uuidv4 }}x{{ end }}",
            "{{- range shuffle .Values.x }}x{{ end }}",
            "{{ $x := randInt 0 9 }}",
            "kind: Secret\n---\nkind: ConfigMap\n{{ $x := randInt 0 9 }}",
            "kind: Secret\n{{ $x := randInt 0 9 }}{{ $y := $x }}{{ if eq $y 7 }}evil{{ end }}",
            "kind: Secret\n{{ include \"a\" (dict \"x\" (randInt 0 9)) }}",
            "{{ define \"r\" }}{{ randInt 0 9 }}{{ end }}",
            "{{ tpl \"{{ if eq (randInt 0 9) 7 }}evil{{ end }}\" . }}",
            "kind: Secret\nx: {{ randInt 0 2 }}",
            "kind: Secret\nx: {{ randNumeric 2 }}",
            "x: {{ randAlphaNum (int .Values.x) }}",
            "x: {{ keys .Values.x | join \",\" }}",
            "{{ range keys .Values.x }}{{ . }}{{ end }}",
            "{{ $x := values .Values.x }}",
        ] {
            assert!(matches!(flaw(text), Some(Flaw::Chance(..))), "{text}");
        }
        for text in [
            "{{ randAlphaNum 8 | b64enc }}",
            "kind: Secret\n{{ $x := randAlphaNum 8 }}{{ $x }}",
            "{{ range keys .Values.x | sortAlpha }}{{ . }}{{ end }}",
            "{{ sortAlpha (keys .Values.x) | first }} {{ keys .Values.x | len }} {{ has \"a\" (keys .Values.x) }}",
            "kind: Secret\nx: {{ randAlphaNum (int .Values.x) }}",
            "{{ if .Values.randInt }}{{ end }}",
        ] {
            assert_eq!(flaw(text), None, "{text}");
        }
    }

    #[test]
    fn texts_for_tpl_that_a_function_makes_are_found() {
        for text in [
            "{{ tpl (printf \"{{ %s }}\" \"now\") . }}",
            "{{ tpl (b64dec \"e3sgbm93IH19\") . }}",
            "{{ tpl (print \"{{ loo\" \"kup }}\") . | quote }}",
            "{{ tpl (.Values.x | replace \"a\" \"b\") . }}",
            "{{ tpl (.Values.x | default (join \"\" .Values.y)) . }}",
            "{{ $x := b64dec .Values.x }}{{ tpl $x . }}",
            "{{ $x := b64dec .Values.x }}{{ $y := $x }}{{ tpl (toYaml $y) . }}",
            "{{ with b64dec .Values.x }}{{ tpl . $ }}{{ end }}",
            "{{ range $k, $v := splitList \",\" .Values.x }}{{ tpl $v $ }}{{ end }}",
            "{{ tpl \"{{ \\x6eow }}\" . }}",
            "{{ .Values.x | tpl }}",
        ] {
            assert!(matches!(flaw(text), Some(Flaw::Hidden(_))), "{text}");
        }
        for text in [
            "{{ tpl .Values.x . }}",
            "{{ tpl (toYaml .Values.x) . | nindent 4 }}",
            "{{ range $k, $v := .Values.x }}{{ tpl $v $ }}{{ end }}",
            "{{ with .Values.x }}{{ tpl . $ }}{{ end }}",
            "{{ with b64dec .Values.x }}{{ tpl $.Values.y $ }}{{ end }}",
            "{{ tpl (.Values.x | default \"a\\n\") . | trim }}",
            "{{ tpl (.Files.Get \"x.conf\") . }}",
            "{{ $v := typeIs \"string\" .v | ternary .v (.v | toYaml) }}{{ tpl $v .context }}",
        ] {
            assert_eq!(flaw(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_followed_without_a_panic(text in "[{}()\"'`\\\\/*a-z .|$=é-]{0,60}|[{}() tpl=$]{0,40}") {
            let _ = flaw(&text);
            let _ = flaw(&format!("{{{{ tpl {text} }}}}"));
        }
    }
}
