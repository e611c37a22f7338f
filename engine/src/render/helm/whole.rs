//! Where templates make a text, an order, or a choice of all that they are given: of what it holds, the addresses in
//! memory differ from run to run, and what the cluster and the release are from one deployer to the next.
//! Follows a value by the names under which it is handed on, and runs nothing.

mod functions;
mod value;

use std::collections::{BTreeMap, BTreeSet};

use self::value::{Holds, Reader, literal};
use super::actions;
use super::body::{Body, Token, Tokens};
use crate::render::Deployer;

/// The texts that are run as templates.
#[derive(Debug, Default)]
pub(super) struct Whole {
    texts: Vec<(String, String)>,
}

/// Why a template is not judged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Why {
    /// All that it is given, or `.Capabilities`, is made another thing of.
    Context,
    /// Something of it is asked for by a name that is made.
    MadeName,
    /// `.Release` as a whole.
    Release,
    /// What `printf` does is told by no text that stands there.
    Format,
}

/// Which template it is, where in it in bytes, and why.
pub(super) type Flaw<'w> = (&'w str, &'w str, usize, Why);

/// What is known of the names of a chart.
#[derive(Clone, Default, PartialEq)]
struct Names {
    /// What each named template is given.
    given: BTreeMap<String, Holds>,
    /// What a template is given whose name is made.
    given_any: Holds,
    /// What is put under a key of a new mapping.
    keys: BTreeMap<String, Holds>,
    /// What is put under a key of a mapping that was there before.
    set: BTreeMap<String, Holds>,
}

impl Whole {
    /// Adds a text; `shown` says which.
    pub(super) fn read(&mut self, shown: &str, text: &str) {
        if text.contains("{{") {
            self.texts.push((shown.to_owned(), text.to_owned()));
        }
    }

    /// The first flaw.
    pub(super) fn flaw(&self, deployer: Deployer) -> Option<Flaw<'_>> {
        let texts: Vec<Template<'_>> = self
            .texts
            .iter()
            .map(|(_, text)| Template::of(text))
            .collect();
        let mut names = Names::default();
        let mut variables = vec![Variables::default(); texts.len()];
        loop {
            let before = names.clone();
            let variables_before = variables.clone();
            let mut first = None;
            for ((template, own), (shown, text)) in
                texts.iter().zip(&mut variables).zip(&self.texts)
            {
                let mut reader = Reader::new(&mut names, own, deployer);
                template.read(&mut reader);
                if let Some((at, why)) = reader.flaw {
                    first.get_or_insert((shown.as_str(), text.as_str(), at, why));
                }
            }
            if names == before && variables == variables_before {
                return first;
            }
        }
    }
}

/// What the variables of one text hold.
#[derive(Clone, Default, PartialEq)]
struct Variables {
    holds: BTreeMap<String, Holds>,
    /// Those that are something else than a text that stands there.
    made: BTreeSet<String>,
    /// Those that are such a text.
    literal: BTreeSet<String>,
}

/// One text in its actions.
struct Template<'a> {
    /// With the end of each, in bytes.
    bodies: Vec<(usize, Body<'a>)>,
}

/// Where the walk is.
#[derive(Clone, Copy)]
struct Scope {
    dot: Holds,
    root: Holds,
}

impl<'a> Template<'a> {
    fn of(text: &'a str) -> Self {
        let bodies = actions::bodies(text).into_iter();
        let mut bodies: Vec<(usize, Body<'a>)> = bodies
            .map(|(at, body)| (at + body.len(), Body::of(at, body)))
            .collect();
        bodies.sort_by_key(|(_, body)| body.at);
        Self { bodies }
    }

    fn read(&self, reader: &mut Reader<'_>) {
        let everything = Scope {
            dot: Holds::ROOT,
            root: Holds::ROOT,
        };
        let mut end = 0;
        let mut scopes = vec![everything];
        // Texts within an action are run by `tpl`, with whatever it is given.
        let mut inner = vec![everything];
        for (own_end, body) in &self.bodies {
            if body.at < end {
                step(&mut inner, body, reader);
            } else {
                end = *own_end;
                inner = vec![everything];
                step(&mut scopes, body, reader);
            }
        }
    }
}

/// Reads one action; the last of `scopes` is the one that it stands in.
fn step(scopes: &mut Vec<Scope>, body: &Body<'_>, reader: &mut Reader<'_>) {
    let everything = Scope {
        dot: Holds::ROOT,
        root: Holds::ROOT,
    };
    let here = scopes.last().copied().unwrap_or(everything);
    let tokens = body.tokens.as_slice();
    let (word, rest) = match tokens {
        [(_, Token::Word(word)), rest @ ..] => (*word, rest),
        _ => ("", tokens),
    };
    let at = tokens.first().map_or(body.at, |(at, _)| *at);
    reader.enter(here.dot, here.root, at);
    match word {
        "end" => {
            // Without an opening, a text is none.
            if scopes.len() > 1 {
                scopes.pop();
            }
        }
        "if" => {
            reader.assign(rest);
            scopes.push(here);
        }
        "with" => {
            let dot = reader.assign(rest);
            scopes.push(Scope { dot, ..here });
        }
        "range" => {
            let of = reader.assign(rest);
            let dot = reader.walked(of);
            scopes.push(Scope { dot, ..here });
        }
        "define" => {
            let given = reader.given(first_literal(rest));
            scopes.push(Scope {
                dot: given,
                root: given,
            });
        }
        "block" => {
            let context = rest.get(1..).unwrap_or_default();
            let context = reader.assign(context);
            let given = reader.give(first_literal(rest), context);
            scopes.push(Scope {
                dot: given,
                root: given,
            });
        }
        "template" => {
            let context = rest.get(1..).unwrap_or_default();
            let context = reader.assign(context);
            reader.give(first_literal(rest), context);
        }
        "else" => {
            scopes.pop();
            let outer = scopes.last().copied().unwrap_or(everything);
            reader.enter(outer.dot, outer.root, at);
            scopes.push(otherwise(outer, rest, reader));
        }
        _ => reader.print(tokens),
    }
}

/// The scope behind an `else`, which may have a condition of its own.
fn otherwise(outer: Scope, rest: Tokens<'_, '_>, reader: &mut Reader<'_>) -> Scope {
    let dot = match rest {
        [(_, Token::Word("with")), rest @ ..] => reader.assign(rest),
        [(_, Token::Word("if")), rest @ ..] => {
            reader.assign(rest);
            outer.dot
        }
        _ => outer.dot,
    };
    Scope { dot, ..outer }
}

fn first_literal<'a>(tokens: Tokens<'_, 'a>) -> Option<&'a str> {
    match tokens.first() {
        Some((_, Token::Quoted(text))) => literal(text),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why(texts: &[&str], deployer: Deployer) -> Option<Why> {
        let mut whole = Whole::default();
        for text in texts {
            whole.read("a", text);
        }
        whole.flaw(deployer).map(|found| found.3)
    }

    #[test]
    fn all_that_a_template_is_given_is_made_no_text() {
        for text in [
            "{{ print . }}",
            "{{ . }}",
            "{{ $ }}",
            "{{ toString $ }}",
            "{{ $ | toString | sha256sum }}",
            "{{ cat . }}",
            "{{ join \",\" (list .) }}",
            "{{ dict \"a\" . | toString }}",
            "{{ toJson . }}",
            "{{ list 1 $ | toYaml }}",
            "{{ range . }}{{ end }}",
            "{{ range $k, $v := $ }}{{ end }}",
            "{{ kindIs \"ptr\" . }}",
            "{{ if kindIs \"map\" $ }}{{ end }}",
            "{{ .Capabilities }}",
            "{{ print .Capabilities }}",
            "{{ .Capabilities | toYaml }}",
            "{{ values . }}",
            "{{ $x := . }}{{ print $x }}",
            "{{ $x := dict \"a\" $ }}{{ $y := $x }}{{ print $y }}",
            "{{ print $y }}{{ $y := . }}",
            "{{ with . }}{{ print . }}{{ end }}",
            "{{ if true }}{{ else }}{{ print . }}{{ end }}",
            "{{ with .Values.x }}{{ else }}{{ print . }}{{ end }}",
            "{{ range .Values.x }}{{ print $ }}{{ end }}",
            "{{ print .Subcharts.web }}",
            "{{ (merge (dict) .) | toJson }}",
            "{{ $_ := set .Values \"x\" $ }}{{ print .Values.x }}",
            "{{ $_ := merge .Values . }}{{ print .Values }}",
            "{{ tpl \"{{ print . }}\" . }}",
            "{{ with .Values.x }}{{ tpl `{{ print . }}` $ }}{{ end }}",
            "{{ print .Chart.Maintainers }}",
            "{{ .Chart.Dependencies }}",
            "{{ $k := \"x\" }}{{ dict $k . }}",
            "{{ define \"a\" }}{{ print . }}{{ end }}{{ include \"a\" . }}",
            "{{ include \"a\" . }}{{ define \"a\" }}{{ include \"b\" . }}{{ end }}{{ define \"b\" }}{{ print $ }}{{ end }}",
            "{{ define \"a\" }}{{ toYaml .ctx }}{{ end }}{{ include \"a\" (dict \"ctx\" $) }}",
            "{{ define \"a\" }}{{ toYaml . }}{{ end }}{{ include \"a\" (dict \"ctx\" $) }}",
            "{{ define \"a\" }}{{ toYaml (index . 0) }}{{ end }}{{ include \"a\" (list $ 1) }}",
            "{{ define \"a\" }}{{ toYaml . }}{{ end }}{{ template \"a\" . }}",
            "{{ define \"a\" }}{{ toYaml . }}{{ end }}{{ include (print \"\" \"a\") . }}",
            "{{ define \"a\" }}{{ toYaml . }}{{ end }}{{ . | include \"a\" }}",
            "{{ block \"a\" . }}{{ print . }}{{ end }}",
            "{{ someNewFunction . }}",
        ] {
            assert_eq!(why(&[text], Deployer::ArgoCd), Some(Why::Context), "{text}");
        }
    }

    #[test]
    fn what_charts_do_with_all_that_they_are_given_is_no_flaw() {
        for text in [
            "{{ include \"x\" . }}{{ template \"x\" . }}{{ tpl .Values.t . }}{{ include \"x\" $ | nindent 4 }}",
            "{{ define \"x\" }}{{ .Values.a }}{{ toYaml .Values.b | nindent 2 }}{{ $.Chart.Name }}{{ end }}{{ include \"x\" . }}",
            "{{ with .Values.a }}{{ toYaml . }}{{ . }}{{ end }}{{ range .Values.b }}{{ . }}{{ toJson . }}{{ end }}",
            "{{ range $k, $v := .Values.c }}{{ $k }}: {{ tpl (toYaml $v) $ }}{{ print $v | quote }}{{ end }}",
            "{{ include \"l\" (dict \"context\" $ \"value\" .Values.x) }}{{ define \"l\" }}{{ tpl (toYaml .value) .context }}{{ .context.Values.y | quote }}{{ end }}",
            "{{ define \"l\" }}{{ $top := index . 0 }}{{ $key := index . 1 }}{{ include \"x\" $top }}{{ printf \"%s-%s\" $top.Release.Name $key }}{{ get $top.Values $key }}{{ end }}{{ include \"l\" (list . \"a\") }}",
            "{{ include (print $.Template.BasePath \"/cm.yaml\") . | sha256sum }}{{ define \"t\" }}{{ toYaml . }}{{ end }}{{ include \"t\" .Values.z }}",
            "{{ get .Values.x $key }}{{ index .Values \"a-b\" }}{{ index .Values $k \"x\" }}{{ get . \"Values\" | toYaml }}",
            "{{ $root := . }}{{ range .Values.x }}{{ include \"x\" (merge (dict \"item\" .) $root) }}{{ end }}",
            "{{ if and . .Values.x }}{{ end }}{{ if not $ }}{{ end }}{{ if hasKey . \"Values\" }}{{ end }}",
            "{{ .Capabilities.KubeVersion.Version }}{{ if .Capabilities.APIVersions.Has \"v1\" }}{{ end }}",
            "{{ ($.Files.Glob \"a/*\").AsConfig }}{{ .Files.Get \"x\" | quote }}{{ range $p, $_ := .Files.Glob \"x\" }}{{ $p }}{{ end }}",
            "{{ printf \"%s-%s\" .Release.Name .Chart.Name | trunc 63 }}{{ printf .Values.only }}",
            "{{ $f := \"%s-%s\" }}{{ printf $f .Values.a .Values.b }}",
            "{{ $_ := set $.Values \"x\" \"y\" }}{{ toYaml .Values }}{{ (.Values.a).b | quote }}",
            "{{ with $.Values.x }}{{ . | quote }}{{ else }}{{ .Values.y }}{{ end }}{{ if eq 1.5 .Values.n }}{{ end }}",
            "{{ range until 3 }}{{ . }}{{ end }}{{ range $i, $e := splitList \",\" .Values.l }}{{ $e }}{{ end }}",
            "{{ range .Chart.Maintainers }}{{ .Name }}{{ end }}{{ toYaml .Chart }}{{ .Chart.Annotations | toYaml }}",
            "{{ range tuple \"a\" \"b\" }}{{ . }}{{ end }}{{ ternary \"a\" \"b\" (kindIs \"string\" .Values.x) }}",
            "{{/* print . */}}{{ print \"print .\" }}{{ default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix \"-\" }}",
            "{{ fail (printf \"no %s\" .Values.x) }}{{ required \"x\" .Values.y | quote }}{{ toYaml .Release }}",
            "{{ (dig \"a\" \"b\" \"c\" .Values) | quote }}{{ deepCopy . | merge (dict) | include \"x\" }}",
        ] {
            assert_eq!(why(&[text], Deployer::ArgoCd), None, "{text}");
        }
    }

    #[test]
    fn names_and_formats_that_are_made_are_found() {
        for text in [
            "{{ get . (print \"Capabil\" \"ities\") }}",
            "{{ (index $ (printf \"%s\" \"Release\")).Name }}",
            "{{ index . .Values.x }}",
            "{{ get .Release (print \"Is\" \"Install\") }}",
            "{{ $r := .Release }}{{ get $r $k }}",
            "{{ index .Capabilities (print \"x\") }}",
            "{{ get . \"Capab\\x69lities\" }}",
            "{{ dig .Values.x \"y\" \"z\" . }}",
            "{{ define \"a\" }}{{ get .ctx .k }}{{ end }}{{ include \"a\" (dict \"ctx\" .Release \"k\" 1) }}",
        ] {
            let found = why(&[text], Deployer::ArgoCd);
            assert_eq!(found, Some(Why::MadeName), "{text}");
        }
        for text in [
            "{{ printf (print \"%\" \"p\") .Values }}",
            "{{ printf .Values.f .Values }}",
            "{{ .Values | printf (print \"%\" \"p\") }}",
            "{{ printf \"%\\x70\" .Values }}",
            "{{ $f := print \"%\" \"p\" }}{{ printf $f .Values.x }}",
            "{{ $f := \"%s\" }}{{ $f = print \"%\" \"p\" }}{{ printf $f .Values.x }}",
        ] {
            assert_eq!(why(&[text], Deployer::ArgoCd), Some(Why::Format), "{text}");
        }
    }

    #[test]
    fn a_release_as_a_whole_is_a_flaw_where_flux_renders() {
        for text in [
            "{{ toYaml .Release }}",
            "{{ .Release }}",
            "{{ range $k, $v := $.Release }}{{ $k }}{{ end }}",
            "{{ $r := .Release }}{{ toJson $r }}",
            "{{ with .Release }}{{ toYaml . | indent 2 }}{{ end }}",
            "{{ with .Release }}{{ . }}{{ end }}",
            "{{ printf \"%v\" .context.Release }}",
            "{{ omit .Release \"Name\" | toYaml }}",
            "{{ define \"a\" }}{{ toYaml .r }}{{ end }}{{ include \"a\" (dict \"r\" .Release) }}",
        ] {
            assert_eq!(why(&[text], Deployer::Flux), Some(Why::Release), "{text}");
            assert_eq!(why(&[text], Deployer::ArgoCd), None, "{text}");
        }
        for text in [
            "{{ .Release.Name }} {{ printf \"%s-x\" .Release.Name | trunc 63 }}",
            "{{ include \"a\" (dict \"Release\" .Release \"Chart\" $.Chart) }}{{ include \"b\" . }}",
            "{{ $r := .Release }}{{ printf \"%s\" $r.Name }}",
            "{{ define \"a\" }}{{ toYaml . }}{{ end }}",
            "{{ with .Values.x }}{{ include \"b\" $ | quote }}{{ end }}",
        ] {
            assert_eq!(why(&[text], Deployer::Flux), None, "{text}");
        }
    }

    #[test]
    fn what_one_text_hands_on_is_found_in_another() {
        let shows = "{{ define \"show\" }}{{ .it | toString }}{{ end }}";
        let gives = "{{ include \"show\" (dict \"it\" $) }}";
        assert_eq!(why(&[shows, gives], Deployer::ArgoCd), Some(Why::Context));
        assert_eq!(why(&[shows], Deployer::ArgoCd), None);
    }

    proptest::proptest! {
        #[test]
        fn arbitrary_text_is_followed_without_a_panic(text in "[{}()\"'`\\\\/*a-z .|$=:é-]{0,60}|[{}() $.=:|dictsegx\"]{0,40}") {
            for text in [text.clone(), format!("{{{{ {text} }}}}"), format!("{{{{ with {text} }}}}{{{{ end }}}}")] {
                let _ = why(&[&text], Deployer::Flux);
            }
        }
    }
}
