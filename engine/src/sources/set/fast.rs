//! `{{name}}`, replaced by the parameter of that name.
//! What Argo CD would leave standing because there is none is an error here.

use serde_json::Value;

use super::Params;

pub(super) fn replaced(template: &str, params: &Params) -> Result<String, String> {
    let mut replaced = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once("{{") {
        let (name, behind) = after.split_once("}}").ok_or("`{{` is not closed")?;
        // Argo CD leaves a text as it is that has its braces on different lines.
        if name.contains('\n') {
            return Err("`{{` is not closed on its line".to_owned());
        }
        let name = name.trim();
        let Some(Value::String(value)) = params.get(name) else {
            return Err(format!("there is no parameter `{name}`"));
        };
        replaced.push_str(before);
        replaced.push_str(value);
        rest = behind;
    }
    replaced.push_str(rest);
    Ok(replaced)
}
