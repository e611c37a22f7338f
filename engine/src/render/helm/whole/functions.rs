//! What functions do with a value that may hold all that a template is given.

/// What a function does with what it is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Does {
    /// Makes a text of it by the printing of Go, which shows addresses.
    Prints,
    /// Makes a text of it by way of JSON, or something else of all that it holds.
    Shows,
    /// Gives it, or a part of it, or another thing that holds it.
    Hands,
    /// Makes a list of them in their order.
    Lists,
    /// Gives a list in which they stand at other places.
    Moves,
    /// Puts the later ones into the first one.
    Merges,
    /// Makes a mapping of pairs.
    Pairs,
    /// Puts a pair into a mapping.
    Sets,
    /// Gives what stands under a key: the mapping is the first.
    Picks,
    /// The same, where the mapping is the last and a value for none before it.
    Digs,
    /// The same of several mappings behind the key.
    Plucks,
    /// Hands a value to a template by its name.
    Includes,
    /// Runs a text with a value.
    Runs,
    /// Prints by a format.
    Formats,
    /// Tells nothing that could differ.
    Keeps,
}

/// What the function of this name does; of one that nobody knows, the worst is taken.
pub(super) fn does(name: &str) -> Does {
    match name {
        "print" | "println" | "cat" | "join" | "quote" | "squote" | "toString" | "toStrings"
        | "html" | "js" | "urlquery" => Does::Prints,
        "list" | "tuple" => Does::Lists,
        "append" | "mustAppend" | "push" | "mustPush" | "prepend" | "mustPrepend" | "concat"
        | "rest" | "mustRest" | "initial" | "mustInitial" | "reverse" | "mustReverse" | "slice"
        | "mustSlice" | "compact" | "mustCompact" | "chunk" | "mustChunk" => Does::Moves,
        "deepCopy" | "mustDeepCopy" | "default" | "coalesce" | "ternary" | "required" | "first"
        | "mustFirst" | "last" | "mustLast" | "and" | "or" | "unset" | "pick" | "omit" => {
            Does::Hands
        }
        "merge" | "mustMerge" | "mergeOverwrite" | "mustMergeOverwrite" => Does::Merges,
        "dict" => Does::Pairs,
        "set" => Does::Sets,
        "get" | "index" => Does::Picks,
        "dig" => Does::Digs,
        "pluck" => Does::Plucks,
        "include" => Does::Includes,
        "tpl" => Does::Runs,
        "printf" => Does::Formats,
        "not" | "empty" | "len" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "hasKey" | "fail"
        | "all" | "any" => Does::Keeps,
        _ => Does::Shows,
    }
}
