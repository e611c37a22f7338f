//! `Link` headers (RFC 8288): which page of a list is the next.
//! What cannot be read as a whole is no answer: the page that it may name would be missed.

/// The address of the next page; `None` where there is none.
///
/// # Errors
/// A header that cannot be read, or that names several.
pub(super) fn next<'a>(
    headers: impl Iterator<Item = &'a str>,
) -> Result<Option<&'a str>, &'static str> {
    let mut found = None;
    for header in headers {
        let mut rest = header.trim_start_matches(BETWEEN);
        while !rest.is_empty() {
            let (link, after) = link(rest).ok_or("its `Link` header cannot be read")?;
            if link.is_next {
                match found {
                    Some(known) if known != link.address => {
                        return Err("its `Link` headers name more than one next page");
                    }
                    _ => found = Some(link.address),
                }
            }
            rest = after.trim_start_matches(BETWEEN);
        }
    }
    Ok(found)
}

struct Link<'a> {
    address: &'a str,
    is_next: bool,
}

/// The first link of a list, and what follows it.
fn link(text: &str) -> Option<(Link<'_>, &str)> {
    let (address, mut rest) = text.strip_prefix('<')?.split_once('>')?;
    let mut relations: Option<&str> = None;
    loop {
        rest = rest.trim_start_matches(BLANK);
        let Some(after) = rest.strip_prefix(';') else {
            break;
        };
        let (name, value, after) = parameter(after.trim_start_matches(BLANK))?;
        // Where it is seen from elsewhere, it is no link of this page.
        if name.eq_ignore_ascii_case("anchor") {
            return None;
        }
        if name.eq_ignore_ascii_case("rel") && relations.is_none() {
            relations = Some(value?);
        }
        rest = after;
    }
    let is_next = |relation: &str| relation.eq_ignore_ascii_case("next");
    let link = Link {
        address,
        is_next: relations?.split(BLANK).any(is_next),
    };
    (rest.is_empty() || rest.starts_with(',')).then_some((link, rest))
}

/// A parameter: its name, its value where it has one, and what follows.
fn parameter(text: &str) -> Option<(&str, Option<&str>, &str)> {
    let (name, rest) = token(text);
    let Some(value) = rest.trim_start_matches(BLANK).strip_prefix('=') else {
        return Some((name, None, rest));
    };
    let value = value.trim_start_matches(BLANK);
    let (value, rest) = match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => token(value),
    };
    // An escape would make it another word than it looks like; no relation has one.
    (!value.contains('\\')).then_some((name, Some(value), rest))
}

fn token(text: &str) -> (&str, &str) {
    let end = text.find(|it: char| BLANK.contains(&it) || "=;,\"".contains(it));
    text.split_at_checked(end.unwrap_or(text.len()))
        .unwrap_or((text, ""))
}

const BLANK: [char; 2] = [' ', '\t'];
/// Between the links of a list.
const BETWEEN: [char; 3] = [' ', '\t', ','];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_page_is_found_wherever_it_is_named() {
        for (headers, wanted) in [
            (vec![], None),
            (vec![""], None),
            (vec![r#"</n>; rel="next""#], Some("/n")),
            (vec!["</n>;rel=next"], Some("/n")),
            (vec!["</n> ; REL = NEXT "], Some("/n")),
            (vec![r#"</n>; rel="Next""#], Some("/n")),
            (vec![r#"</n>; rel="last next""#], Some("/n")),
            (
                vec![r#"</n>; title="a, <b>; rel=prev"; rel="next""#],
                Some("/n"),
            ),
            (vec![r#"</n>; rel="next"; rel="prev""#], Some("/n")),
            (vec![r#"</p>; rel="prev""#], None),
            (vec![r#"</p>; rel="nextish""#], None),
            (vec![r#"</next>; rel="prev"; title="next""#], None),
            (vec![r#"</p>; rel="prev", </n>; rel="next""#], Some("/n")),
            (
                vec![r#"</p>; rel="prev""#, r#"</n>; rel="next""#],
                Some("/n"),
            ),
            (vec![r#", </n>; rel="next" , ,"#], Some("/n")),
            (vec![r#"</n>; rel="next""#, "</n>; rel=next"], Some("/n")),
            (vec![r#"</n?a=1,2;b>; rel="next""#], Some("/n?a=1,2;b")),
        ] {
            assert_eq!(next(headers.iter().copied()), Ok(wanted), "{headers:?}");
        }
    }

    #[test]
    fn what_cannot_be_read_as_a_whole_is_no_answer() {
        for headers in [
            vec!["/n; rel=next"],
            vec!["</n"],
            vec!["</n>"],
            vec!["</n>; rel"],
            vec![r#"</n>; rel="next"#],
            vec!["</n>; rel=next x"],
            vec![r#"</p>; rel="prev" </n>; rel="next""#],
            vec![r#"</n>; rel="ne\xt""#],
            vec![r#"</n>; rel="next"; anchor="/other""#],
            vec![r#"</p>; rel="prev""#, "next"],
            vec![r#"</n>; rel="next", </m>; rel="next""#],
            vec![r#"</n>; rel="next""#, r#"</m>; rel="next""#],
        ] {
            assert!(next(headers.iter().copied()).is_err(), "{headers:?}");
        }
    }
}
