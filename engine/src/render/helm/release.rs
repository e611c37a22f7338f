//! Where a template shows all of `.Release`: what was deployed before is among it, and Flux renders anew each time.
//! Knows the words of one text.

use std::collections::BTreeSet;

use super::body::{self, Body, Token};

/// Where `.Release`, or all that a template is given, is printed, walked through, or made another thing of as a
/// whole.
pub(super) fn shown_whole(text: &str) -> Option<usize> {
    let bodies = body::bodies(text);
    let mut names = BTreeSet::new();
    for body in &bodies {
        if !body
            .wholes(&|token| *token == Token::Field("Release"))
            .is_empty()
        {
            names.extend(body.assigned());
        }
    }
    let mut within: Vec<&Body<'_>> = Vec::new();
    for body in &bodies {
        let has_other_dot = within
            .iter()
            .any(|outer| outer.is(&["range", "define", "block"]));
        let of_release = within.iter().rev().find(|outer| outer.is(&["with"]));
        let dot_is_whole = match of_release {
            Some(with) => {
                let release = |token: &Token<'_>| *token == Token::Field("Release");
                !with.wholes(&release).is_empty()
            }
            None => !has_other_dot,
        };
        let is_whole = |token: &Token<'_>| match token {
            Token::Field("Release") | Token::Variable("") => true,
            Token::Field("") => dot_is_whole,
            Token::Variable(name) => names.contains(name),
            _ => false,
        };
        let mut wholes = body.wholes(&is_whole).into_iter();
        if wholes.any(|place| body.shows(place, place)) {
            return Some(body.at);
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
    /// The places of such values that no field stands behind.
    fn wholes(&self, such: &dyn Fn(&Token<'_>) -> bool) -> Vec<usize> {
        let places = 0..self.tokens.len();
        places
            .filter(|place| self.mark_at(*place, such) && !self.leads_on(*place))
            .collect()
    }

    fn mark_at(&self, place: usize, such: &dyn Fn(&Token<'_>) -> bool) -> bool {
        self.tokens.get(place).is_some_and(|(_, token)| such(token))
    }

    /// Whether a field of what ends at `place` is meant.
    fn leads_on(&self, place: usize) -> bool {
        let Some((at, token)) = self.tokens.get(place) else {
            return false;
        };
        let next = self.tokens.get(place + 1);
        next.is_some_and(|(next, field)| {
            let is_field = matches!(field, Token::Field(name) if !name.is_empty());
            *next == at + token.length() && is_field
        })
    }

    /// Whether the value from `start` to `end` is printed, or given to a function that takes all of it.
    fn shows(&self, start: usize, end: usize) -> bool {
        let shows = |place| {
            self.mark_at(
                place,
                &|token| matches!(token, Token::Word(word) if SHOWS.contains(word)),
            )
        };
        let is = |place, mark| self.mark_at(place, &|token| *token == Token::Mark(mark));
        let mut depth = 0_usize;
        let opener = (0..start).rev().find(|place| {
            if is(*place, ')') {
                depth += 1;
            } else if depth > 0 && is(*place, '(') {
                depth -= 1;
            } else {
                return depth == 0 && ['(', '|', '='].iter().any(|mark| is(*place, *mark));
            }
            false
        });
        let head = opener.map_or(0, |opener| opener + 1);
        if head < start {
            return shows(head);
        }
        depth = 0;
        for place in end + 1..self.tokens.len() {
            if is(place, '(') {
                depth += 1;
            } else if is(place, ')') && depth > 0 {
                depth -= 1;
            } else if depth == 0 && is(place, '=') {
                // It is given a value.
                return false;
            } else if is(place, ')') {
                let opener = opener.filter(|_| !self.leads_on(place));
                return opener.is_some_and(|opener| self.shows(opener, place));
            } else if depth == 0 && is(place, '|') && shows(place + 1) {
                return true;
            }
        }
        match opener {
            Some(_) => self.is(&["range"]),
            None => true,
        }
    }
}

/// Functions that make a text or another order of all that they are given.
const SHOWS: &[&str] = &[
    "range",
    "toYaml",
    "toYamlPretty",
    "toJson",
    "toPrettyJson",
    "toRawJson",
    "mustToJson",
    "mustToPrettyJson",
    "mustToRawJson",
    "toToml",
    "toString",
    "toStrings",
    "print",
    "printf",
    "println",
    "quote",
    "squote",
    "cat",
    "join",
    "html",
    "js",
    "urlquery",
    "values",
    "omit",
    "pick",
    "dig",
    "deepEqual",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_that_is_shown_as_a_whole_is_found() {
        for text in [
            "{{ toYaml .Release }}",
            "{{ .Release }}",
            "{{ range $k, $v := $.Release }}{{ $k }}{{ end }}",
            "{{ $r := .Release }}{{ toJson $r }}",
            "{{ with .Release }}{{ toYaml . | indent 2 }}{{ end }}",
            "{{ with .Release }}{{ . }}{{ end }}",
            "{{ $ | toYaml }}",
            "{{ toYaml . }}",
            "{{ printf \"%v\" .context.Release }}",
            "{{ omit .Release \"Name\" | toYaml }}",
        ] {
            assert!(shown_whole(text).is_some(), "{text}");
        }
        for text in [
            "{{ .Release.Name }} {{ printf \"%s-x\" .Release.Name | trunc 63 }}",
            "{{ include \"a\" (dict \"Release\" .Release \"Chart\" $.Chart) }}{{ include \"b\" . }}",
            "{{ $r := .Release }}{{ printf \"%s\" $r.Name }}",
            "{{ with .Values.x }}{{ toYaml . }}{{ end }}{{ range .Values.y }}{{ toYaml . }}{{ . }}{{ end }}",
            "{{ define \"a\" }}{{ toYaml . }}{{ end }}",
            "{{ with .Values.x }}{{ include \"b\" $ | quote }}{{ end }}",
        ] {
            assert_eq!(shown_whole(text), None, "{text}");
        }
    }
}
