//! The functions that the actions (`{{ … }}`) of a template name, found without running it.
//! Knows the words of the language and nothing of charts.

use std::ops::Range;

/// A function that a template names, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) function: Function,
    /// In bytes.
    pub(super) at: usize,
}

/// A function that decides how a chart is rendered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Function {
    /// `lookup`: what the cluster holds.
    Cluster(&'static str),
    /// `getHostByName`: what a name server says.
    Network(&'static str),
    /// `now` and what falls back to it.
    Clock(&'static str),
    /// `.Release.IsUpgrade` and the like: what was deployed before.
    ReleaseState(&'static str),
    /// `.Revision` of something that may be `.Release`.
    MaybeRevision,
    /// `.Release` as a whole, for a variable or another template.
    WholeRelease,
    /// Something else each time.
    Random(&'static str),
    /// `%p`: where something lies in memory.
    Pointer,
    /// Runs a text as a template.
    Text,
    /// `.Files`: what other files of the chart say.
    Files,
}

/// The calls in `text`, in order; those in texts within actions among them.
pub(super) fn calls(text: &str) -> Vec<Call> {
    scanned(text).found
}

/// What stands between `{{` and `}}`, and where; that in texts within actions among them.
pub(super) fn bodies(text: &str) -> Vec<(usize, &str)> {
    scanned(text).bodies
}

/// The same text, of the same length, in which no text within an action holds actions itself: what a template is where
/// nothing runs texts.
pub(super) fn without_inner(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut done = 0;
    for inner in scanned(text).inner {
        let (before, inside) = (text.get(done..inner.start), text.get(inner.clone()));
        plain.push_str(before.unwrap_or_default());
        plain.push_str(&inside.unwrap_or_default().replace("{{", "__"));
        done = inner.end;
    }
    plain.push_str(text.get(done..).unwrap_or_default());
    plain
}

fn scanned(text: &str) -> Scan<'_> {
    let mut scan = Scan {
        text,
        at: 0,
        found: Vec::new(),
        bodies: Vec::new(),
        inner: Vec::new(),
        depth: 0,
    };
    scan.all();
    scan
}

struct Scan<'a> {
    text: &'a str,
    at: usize,
    found: Vec<Call>,
    bodies: Vec<(usize, &'a str)>,
    /// Texts within actions that hold actions themselves.
    inner: Vec<Range<usize>>,
    /// How many texts within texts lead here.
    depth: usize,
}

impl<'a> Scan<'a> {
    fn all(&mut self) {
        while let Some(open) = self.rest().find("{{") {
            self.at += open + 2;
            if is_comment(self.rest()) {
                let end = self
                    .rest()
                    .find("*/")
                    .map_or(self.rest().len(), |end| end + 2);
                self.at += end;
            } else {
                let start = self.at;
                self.action();
                let body = self.text.get(start..self.at).unwrap_or_default();
                self.bodies
                    .push((start, body.strip_suffix("}}").unwrap_or(body)));
            }
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Reads up to the end of the action.
    fn action(&mut self) {
        // The fields that stand before: of `.Release.IsUpgrade`, `Release`.
        let mut before = "";
        while let Some(c) = self.rest().chars().next() {
            match c {
                '}' if self.rest().starts_with("}}") => {
                    self.at += 2;
                    return;
                }
                '"' | '`' | '\'' => self.quoted(),
                '.' => {
                    self.at += 1;
                    let name = self.word();
                    if name == "Release" && !self.rest().starts_with(['.', ')']) {
                        self.add(Function::WholeRelease, self.at);
                    }
                    self.field(before, name);
                    before = name;
                    continue;
                }
                '$' => {
                    self.at += 1;
                    self.word();
                }
                c if is_word(c) => {
                    let at = self.at;
                    let name = self.word();
                    if let Some(function) = function(name) {
                        self.add(function, at);
                    }
                }
                c => {
                    self.at += c.len_utf8();
                    // `(.Release).IsUpgrade` and `(index . "x")` lead on.
                    if matches!(c, ')' | '(') {
                        continue;
                    }
                }
            }
            before = "";
        }
    }

    fn word(&mut self) -> &'a str {
        let rest = self.rest();
        let end = rest.find(|c| !is_word(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn field(&mut self, before: &str, name: &str) {
        let function = match (before, name) {
            (_, "IsUpgrade") => Function::ReleaseState("IsUpgrade"),
            (_, "IsInstall") => Function::ReleaseState("IsInstall"),
            ("Release", "Revision") => Function::ReleaseState("Revision"),
            ("", "Revision") => Function::MaybeRevision,
            (_, "Files") => Function::Files,
            _ => return,
        };
        self.add(function, self.at);
    }

    fn add(&mut self, function: Function, at: usize) {
        self.found.push(Call { function, at });
    }

    /// Reads a quoted text; one that holds actions itself may be meant for `tpl`.
    fn quoted(&mut self) {
        let start = self.at + 1;
        self.at += quoted_end(self.rest());
        let inner = self.text.get(start..self.at.saturating_sub(1));
        let inner = inner.unwrap_or_default();
        // `index .Release "IsUpgrade"`, `get . "Files"`.
        self.field(if inner == "Revision" { "" } else { "Release" }, inner);
        if prints_pointer(inner) {
            self.add(Function::Pointer, start);
        }
        if inner.contains("{{") {
            self.inner.push(start..start + inner.len());
        }
        if inner.contains("{{") && self.depth < DEPTH {
            let mut scan = Self {
                text: inner,
                at: 0,
                found: Vec::new(),
                bodies: Vec::new(),
                inner: Vec::new(),
                depth: self.depth + 1,
            };
            scan.all();
            let bodies = scan.bodies.into_iter();
            self.bodies
                .extend(bodies.map(|(at, body)| (at + start, body)));
            let moved = scan.found.into_iter();
            self.found.extend(moved.map(|call| Call {
                at: call.at + start,
                ..call
            }));
        }
    }
}

/// Whether what follows `{{` is a comment: at once, or behind `-` and one white space, as Go has it.
fn is_comment(body: &str) -> bool {
    let trimmed = body
        .strip_prefix('-')
        .and_then(|rest| rest.strip_prefix([' ', '\t', '\r', '\n']));
    trimmed.unwrap_or(body).starts_with("/*")
}

/// How long the quoted text is that `text` begins with, its quotes among it.
pub(super) fn quoted_end(text: &str) -> usize {
    let mut chars = text.char_indices();
    let quote = chars.next().map(|(_, quote)| quote);
    while let Some((at, c)) = chars.next() {
        if c == '\\' && quote != Some('`') {
            chars.next();
        } else if Some(c) == quote {
            return at + c.len_utf8();
        }
    }
    text.len()
}

/// Whether a text for `printf` holds `%p`, with flags and widths.
fn prints_pointer(text: &str) -> bool {
    let text = text.replace("%%", "");
    let mut verbs = text.split('%').skip(1);
    let flags = |c: char| "+-# *.[]".contains(c) || c.is_ascii_digit();
    verbs.any(|verb| verb.trim_start_matches(flags).starts_with('p'))
}

pub(super) fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// The function of this name.
pub(super) fn function(name: &str) -> Option<Function> {
    let known = |names: &[&'static str]| names.iter().copied().find(|known| *known == name);
    if let Some(name) = known(&["lookup"]) {
        return Some(Function::Cluster(name));
    }
    if let Some(name) = known(&["getHostByName"]) {
        return Some(Function::Network(name));
    }
    if let Some(name) = known(CLOCK) {
        return Some(Function::Clock(name));
    }
    if name == "tpl" {
        return Some(Function::Text);
    }
    known(RANDOM).map(Function::Random)
}

/// `now`, and functions that take the present time for whatever is no time.
const CLOCK: &[&str] = &[
    "now",
    "ago",
    "date",
    "dateInZone",
    "date_in_zone",
    "htmlDate",
    "htmlDateInZone",
    "durationRound",
];

/// Functions whose answer is another one each time: by chance, with a key or salt of their own, in an order
/// that Go does not promise.
const RANDOM: &[&str] = &[
    "randAlpha",
    "randAlphaNum",
    "randAscii",
    "randBytes",
    "randInt",
    "randNumeric",
    "shuffle",
    "uuidv4",
    "genCA",
    "genCAWithKey",
    "genPrivateKey",
    "genSelfSignedCert",
    "genSelfSignedCertWithKey",
    "genSignedCert",
    "genSignedCertWithKey",
    "bcrypt",
    "htpasswd",
    "encryptAES",
    "keys",
    "values",
];

/// Texts within texts that are looked into.
const DEPTH: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(Function, usize)> {
        let calls = calls(text).into_iter();
        calls.map(|call| (call.function, call.at)).collect()
    }

    #[test]
    fn functions_are_found_in_actions_only() {
        let lookup = Function::Cluster("lookup");
        assert_eq!(
            found("lookup {{ lookup \"v1\" \"Secret\" }}"),
            [(lookup, 10)]
        );
        assert_eq!(found("{{- if (lookup \"v1\") }}")[0].0, lookup);
        assert_eq!(found("{{ $x := now | date \"2006\" }}").len(), 2);
        assert_eq!(
            found("{{ .Values.x | default (randAlphaNum 8) }}")[0].0,
            Function::Random("randAlphaNum")
        );
        for text in ["%p", "a %-8p", "%[1]p"] {
            let text = format!("{{{{ printf \"{text}\" .Values }}}}");
            assert_eq!(found(&text)[0].0, Function::Pointer, "{text}");
        }
        let rounded = Function::Clock("durationRound");
        assert_eq!(found("{{ durationRound .x }}")[0].0, rounded);
        assert_eq!(found("{{ tpl .Values.x . }}")[0].0, Function::Text);
    }

    #[test]
    fn fields_variables_comments_and_quoted_words_are_no_functions() {
        for text in [
            "{{ .Values.lookup }} {{ $lookup }} {{ .now.date }}",
            "{{/* lookup */}} {{- /* now */ -}} {{-\n/* now */ -}} {{-\t/* \" now */ -}}",
            "{{ print \"lookup\" `now` }}",
            "{{ lookups }} {{ myLookup }} {{ snow }}",
            "{{ .Release.Name }} {{ .Values.Revision }} {{ .Chart.Revision }}",
            "{{ printf \"%s %d%%p %v\" .p }}",
        ] {
            assert_eq!(found(text), [], "{text}");
        }
    }

    #[test]
    fn a_quoted_brace_or_quote_does_not_end_an_action() {
        let lookup = Function::Cluster("lookup");
        for text in [
            "{{ print \"}}\" (lookup) }}",
            "{{ print `}}` (lookup) }}",
            "{{ print \"a\\\"}}\" (lookup) }}",
            "{{ print '}' (lookup) }}",
            "{{/* }} */}}{{ lookup }}",
            "{{-\t/* \" */ -}}{{ lookup \"\" }}",
        ] {
            assert_eq!(
                found(text).first().map(|found| found.0),
                Some(lookup),
                "{text}"
            );
        }
    }

    #[test]
    fn texts_for_tpl_are_looked_into() {
        let text = "{{ tpl \"{{ lookup \\\"v1\\\" }}\" . }}{{ tpl `{{ now }}` . }}";
        let functions: Vec<Function> = found(text).into_iter().map(|found| found.0).collect();
        let wanted = [
            Function::Text,
            Function::Cluster("lookup"),
            Function::Text,
            Function::Clock("now"),
        ];
        assert_eq!(functions, wanted);
    }

    #[test]
    fn texts_that_nothing_runs_hold_no_actions() {
        let text = "é{{ \"'{{values.x}}'\" }}{{ now }}{{ `{{{ now }}` }}{{ x | default \"{{\" }} {{ '{' }}";
        let plain = without_inner(text);
        assert_eq!(plain.len(), text.len());
        assert_eq!(
            plain,
            "é{{ \"'__values.x}}'\" }}{{ now }}{{ `__{ now }}` }}{{ x | default \"__\" }} {{ '{' }}"
        );
        assert_eq!(found(&plain), [(Function::Clock("now"), 27)]);
    }

    #[test]
    fn what_was_deployed_before_is_asked_in_several_ways() {
        for text in [
            "{{ if .Release.IsUpgrade }}",
            "{{ if $.Release.IsUpgrade }}",
            "{{ if (.Release).IsUpgrade }}",
            "{{ if $root.Release.IsUpgrade }}",
            "{{ if index .Release \"IsUpgrade\" }}",
            "{{ with .Release }}{{ if .IsUpgrade }}",
            "{{ $r := .Release }}{{ if $r.IsUpgrade }}",
        ] {
            let state = |found: &(Function, usize)| found.0 == Function::ReleaseState("IsUpgrade");
            assert!(found(text).iter().any(state), "{text}");
        }
        assert_eq!(
            found("{{ (.Files.Glob \"x\").AsConfig }}")[0].0,
            Function::Files
        );
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_scanned_without_a_panic(text in "[{}\"'`\\\\/*a-z .$()é-]{0,60}") {
            for call in calls(&text) {
                assert!(text.is_char_boundary(call.at));
            }
            let plain = without_inner(&text);
            assert_eq!(plain.len(), text.len());
            assert_eq!(without_inner(&plain), plain);
        }
    }
}
