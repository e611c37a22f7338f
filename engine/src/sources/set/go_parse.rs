//! Go's template language, as far as it is evaluated here: text, and actions that are pipelines.
//! Evaluates nothing.

/// A piece of a template.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Action(Pipeline),
}

/// Commands, each of which gives its value to the next.
pub(super) type Pipeline = Vec<Vec<Operand>>;

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// `.`, `.a`, `.a.b`.
    Field(Vec<String>),
    Text(String),
    Number(i64),
    Bool(bool),
    /// The name of a function.
    Name(String),
    Inner(Pipeline),
}

pub(super) fn parse(template: &str) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = template;
    let mut trims = false;
    while let Some((before, after)) = rest.split_once("{{") {
        let (trims_before, after) = match after.strip_prefix('-') {
            Some(inner) if inner.starts_with(char::is_whitespace) => (true, inner),
            _ => (false, after),
        };
        let end = end_of_action(after).ok_or("`{{` is not closed")?;
        let (inner, behind) = after.split_at(end);
        let behind = behind.strip_prefix("}}").unwrap_or(behind);
        let before = if trims { before.trim_start() } else { before };
        let before = if trims_before {
            before.trim_end()
        } else {
            before
        };
        pieces.push(Piece::Text(before.to_owned()));
        let dash = inner
            .strip_suffix('-')
            .filter(|inner| inner.ends_with(char::is_whitespace));
        trims = dash.is_some();
        let inner = dash.unwrap_or(inner).trim();
        if !(inner.starts_with("/*") && inner.ends_with("*/")) {
            pieces.push(Piece::Action(action(inner)?));
        }
        rest = behind;
    }
    let rest = if trims { rest.trim_start() } else { rest };
    pieces.push(Piece::Text(rest.to_owned()));
    Ok(pieces)
}

/// Where `}}` stands, outside of strings.
fn end_of_action(text: &str) -> Option<usize> {
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match quote {
            Some(_) if escaped => escaped = false,
            Some('"') if c == '\\' => escaped = true,
            Some(open) if c == open => quote = None,
            Some(_) => {}
            None if c == '"' || c == '`' => quote = Some(c),
            None if text.get(at..)?.starts_with("}}") => return Some(at),
            None => {}
        }
    }
    None
}

fn action(text: &str) -> Result<Pipeline, String> {
    let mut rest = text;
    let pipeline = pipeline(&mut rest, 0)?;
    match rest.is_empty() {
        true => Ok(pipeline),
        false => Err(format!("`{rest}` is left over")),
    }
}

/// Up to the end, or to a closing bracket.
fn pipeline(rest: &mut &str, depth: usize) -> Result<Pipeline, String> {
    if depth > DEPTH {
        return Err("there are too many brackets".to_owned());
    }
    let mut commands: Pipeline = vec![Vec::new()];
    loop {
        *rest = rest.trim_start();
        let Some(first) = rest.chars().next() else {
            break;
        };
        if first == ')' {
            break;
        }
        if let Some(behind) = rest.strip_prefix('|') {
            *rest = behind;
            commands.push(Vec::new());
            continue;
        }
        let operand = operand(rest, depth)?;
        if let Some(command) = commands.last_mut() {
            command.push(operand);
        }
    }
    match commands.iter().any(Vec::is_empty) {
        true => Err("a command is empty".to_owned()),
        false => Ok(commands),
    }
}

fn operand(rest: &mut &str, depth: usize) -> Result<Operand, String> {
    let text = *rest;
    if let Some(inner) = text.strip_prefix('(') {
        *rest = inner;
        let pipeline = pipeline(rest, depth + 1)?;
        *rest = rest.strip_prefix(')').ok_or("`(` is not closed")?;
        if rest.starts_with('.') {
            return Err("a field behind a bracket".to_owned());
        }
        return Ok(Operand::Inner(pipeline));
    }
    if let Some(inner) = text.strip_prefix('`') {
        let (raw, behind) = inner.split_once('`').ok_or("a string is not closed")?;
        *rest = behind;
        return Ok(Operand::Text(raw.to_owned()));
    }
    if let Some(inner) = text.strip_prefix('"') {
        let (quoted, behind) = inner.split_once('"').ok_or("a string is not closed")?;
        if quoted.contains('\\') {
            return Err("a string has escapes".to_owned());
        }
        *rest = behind;
        return Ok(Operand::Text(quoted.to_owned()));
    }
    let is_end = |c: char| c.is_whitespace() || "|()".contains(c);
    let (word, behind) = text.split_at(text.find(is_end).unwrap_or(text.len()));
    *rest = behind;
    word_of(word)
}

fn word_of(word: &str) -> Result<Operand, String> {
    if let Some(fields) = word.strip_prefix('.') {
        if fields.is_empty() {
            return Ok(Operand::Field(Vec::new()));
        }
        let fields: Vec<String> = fields.split('.').map(str::to_owned).collect();
        return match fields.iter().all(|field| is_name(field)) {
            true => Ok(Operand::Field(fields)),
            false => Err(format!("`{word}` is no field")),
        };
    }
    if let Ok(number) = word.parse() {
        return Ok(Operand::Number(number));
    }
    match word {
        "true" => Ok(Operand::Bool(true)),
        "false" => Ok(Operand::Bool(false)),
        word if is_name(word) => Ok(Operand::Name(word.to_owned())),
        word => Err(format!("`{word}` is not understood")),
    }
}

fn is_name(word: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || c == '_';
    !word.is_empty() && word.chars().all(plain) && !word.starts_with(|c: char| c.is_ascii_digit())
}

const DEPTH: usize = 16;
