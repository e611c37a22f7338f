//! Builds span trees from the events of the YAML parser, within limits.
//! Knows nothing of what the parser does not see: bytes and dialects are checked elsewhere.

use std::borrow::Cow;

use granit_parser::{Event, ScalarStyle, StructureStyle, Tag};

use super::anchors::{Anchors, NotKept};
use super::dialect::{self, Around};
use super::fault::Fault;
use super::mapping::MappingBuilder;
use super::{Alias, Documents, tag};
use crate::manifest::limits::Limits;
use crate::manifest::parse_error::Problem;
use crate::manifest::scalar::{self, Scalar};
use crate::manifest::{Node, NodeValue};
use crate::model::Span;

/// What was read so far.
pub(super) struct Reader<'text> {
    text: &'text str,
    limits: &'text Limits,
    documents: Documents,
    open: Vec<Frame>,
    anchors: Anchors,
    /// Where the content read so far ends.
    end: usize,
}

/// A list or mapping that is not closed yet.
struct Frame {
    start: usize,
    anchor: usize,
    style: StructureStyle,
    content: Content,
}

enum Content {
    Sequence(Vec<Node>),
    Mapping(MappingBuilder),
}

impl<'text> Reader<'text> {
    pub(super) fn new(text: &'text str, limits: &'text Limits) -> Self {
        Self {
            text,
            limits,
            documents: Documents::default(),
            open: Vec::new(),
            anchors: Anchors::new(limits.alias_nodes),
            end: 0,
        }
    }

    /// Takes the next event of the parser, and the bytes that it is about.
    pub(super) fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), Fault> {
        match event {
            Event::DocumentStart(explicit, _) => self.document(explicit, span),
            Event::Scalar(text, style, anchor, tag) => {
                self.check_dialect(span)?;
                let (before, after) = self.text.split_at_checked(span.end).unwrap_or_default();
                let written = before.get(span.start..).unwrap_or_default();
                dialect::check_scalar(style, (written, after), self.around())
                    .map_err(|reason| Fault::syntax(reason, span))?;
                self.scalar(text, style, anchor, tag.as_deref(), span)
            }
            Event::SequenceStart(style, anchor, tag) => {
                tag::check_collection(tag.as_deref(), "seq", span)?;
                self.open(style, anchor, Content::Sequence(Vec::new()), span)
            }
            Event::MappingStart(style, anchor, tag) => {
                tag::check_collection(tag.as_deref(), "map", span)?;
                let content = Content::Mapping(MappingBuilder::default());
                self.open(style, anchor, content, span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            Event::Alias(anchor) => self.alias(anchor, span),
            Event::Anchor(..) => self.check_name(span),
            Event::UnresolvedAlias(_) => Err(Fault::new(Problem::UnknownAlias, span)),
            // Comments are not asked for; the rest carries no content.
            _ => Ok(()),
        }
    }

    /// The documents, once every event was taken.
    pub(super) fn finish(self) -> Documents {
        self.documents
    }

    /// What stands before an item of a block list.
    fn check_dialect(&self, span: Span) -> Result<(), Fault> {
        let Some(Frame {
            style: StructureStyle::Block,
            content: Content::Sequence(_),
            ..
        }) = self.open.last()
        else {
            return Ok(());
        };
        let before = self.text.get(..span.start).unwrap_or_default();
        dialect::check_item(before).map_err(|reason| Fault::syntax(reason, span))
    }

    fn check_key(&self, span: Span, properties: usize) -> Result<(), Fault> {
        let before = self.text.get(..span.start).unwrap_or_default();
        let indented = match self.around() {
            Around::Block => dialect::check_indentation(before),
            Around::Nothing | Around::Flow => Ok(()),
        };
        indented
            .and_then(|()| dialect::check_key(self.text, span, properties))
            .map_err(|reason| Fault::syntax(reason, span))
    }

    fn around(&self) -> Around {
        match self.open.last().map(|frame| frame.style) {
            None => Around::Nothing,
            Some(StructureStyle::Block) => Around::Block,
            Some(StructureStyle::Flow) => Around::Flow,
        }
    }

    fn document(&mut self, explicit: bool, span: Span) -> Result<(), Fault> {
        self.anchors.clear();
        let documents = self.documents.nodes.len();
        if documents > 0 && !explicit {
            return Err(Fault::new(Problem::Trailing, span));
        }
        if documents >= self.limits.documents {
            let limit = self.limits.documents;
            return Err(Fault::new(Problem::Documents { limit }, span));
        }
        Ok(())
    }

    fn open(
        &mut self,
        style: StructureStyle,
        anchor: usize,
        content: Content,
        span: Span,
    ) -> Result<(), Fault> {
        self.check_dialect(span)?;
        if self.open.len() >= self.limits.depth {
            return Err(self.too_deep(span));
        }
        if self.expects_key() {
            let doubled = self.text.get(span.start.saturating_sub(1)..span.end);
            return Err(match doubled {
                Some("{{") => Fault::syntax("a template, or a mapping as a key", span),
                _ => Fault::new(Problem::Key, span),
            });
        }
        self.end = self.end.max(span.end);
        self.open.push(Frame {
            start: span.start,
            anchor,
            style,
            content,
        });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), Fault> {
        let Some(frame) = self.open.pop() else {
            return Ok(());
        };
        // A block ends where its last value ends, not where the next token begins.
        if frame.style == StructureStyle::Flow {
            self.end = self.end.max(span.end);
        }
        let span = Span {
            start: frame.start,
            end: self.end.max(frame.start),
        };
        let value = match frame.content {
            Content::Sequence(items) => NodeValue::Sequence(items),
            Content::Mapping(mapping) => NodeValue::Mapping(mapping.finish()?),
        };
        let node = Node { value, span };
        if frame.anchor != 0 {
            self.keep(frame.anchor, &node, None)?;
        }
        self.push(node)
    }

    fn scalar(
        &mut self,
        text: Cow<'_, str>,
        style: ScalarStyle,
        anchor: usize,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), Fault> {
        // The parser says `~` for what is not there.
        let plain = style == ScalarStyle::Plain;
        let text = if plain && span.start == span.end {
            Cow::Borrowed("")
        } else {
            text
        };
        if text.len() > self.limits.scalar_bytes {
            let limit = self.limits.scalar_bytes;
            return Err(Fault::new(Problem::Scalar { limit }, span));
        }
        let span = self.without_trailing_breaks(span, style);
        self.end = self.end.max(span.end);
        let scalar = match tag {
            Some(tag) => tag::resolve(tag, &text, span)?,
            None if plain => scalar::resolve(&text),
            None => Scalar::Text,
        };
        let is_merge = plain && tag.is_none() && text == "<<";
        // Only `?` begins a block of text that is a key.
        let block = matches!(style, ScalarStyle::Literal | ScalarStyle::Folded);
        if self.expects_key() && !block {
            let properties = usize::from(anchor != 0) + usize::from(tag.is_some());
            self.check_key(span, properties)?;
        }
        if anchor == 0 && self.expects_key() {
            return if is_merge {
                self.merge_key(span)
            } else {
                let key = scalar.to_key(&text).map(|key| (*key != *text, key));
                self.key(key, span)
            };
        }
        self.value(text, scalar, anchor, is_merge, span)
    }

    /// A scalar that is no key, or a key with an anchor.
    fn value(
        &mut self,
        text: Cow<'_, str>,
        scalar: Scalar,
        anchor: usize,
        is_merge: bool,
        span: Span,
    ) -> Result<(), Fault> {
        let key = scalar.to_key(&text);
        let node = Node {
            value: value_of(text, scalar).ok_or(Fault::new(Problem::NonFinite, span))?,
            span,
        };
        if anchor != 0 {
            self.keep(anchor, &node, key.as_deref())?;
        }
        if !self.expects_key() {
            return self.push(node);
        }
        if is_merge {
            return self.merge_key(span);
        }
        let converted = node.as_str().is_none();
        self.key(key.map(|key| (converted, key)), span)
    }

    fn alias(&mut self, anchor: usize, span: Span) -> Result<(), Fault> {
        self.check_name(span)?;
        self.end = self.end.max(span.end);
        let Some(kept) = self.anchors.get(anchor) else {
            return Err(Fault::new(Problem::AliasCycle, span));
        };
        let of = kept.node.span;
        self.documents.aliases.push(Alias { span, of });
        if self.expects_key() {
            let key = kept.key.clone();
            let converted = kept.node.as_str().is_none();
            self.check_key(span, 0)?;
            return self.key(key.map(|key| (converted, key)), span);
        }
        if self.open.len() + kept.height > self.limits.depth {
            return Err(self.too_deep(span));
        }
        let limit = self.limits.alias_nodes;
        let node = self
            .anchors
            .expand(anchor)
            .ok_or(Fault::new(Problem::Aliases { limit }, span))?;
        self.push(node)
    }

    fn key(&mut self, key: Option<(bool, Box<str>)>, span: Span) -> Result<(), Fault> {
        let (converted, key) = key.ok_or(Fault::new(Problem::Key, span))?;
        if converted {
            self.documents.converted_keys.push(span);
        }
        if let Some(mapping) = self.open_mapping() {
            mapping.key(key, span);
        }
        Ok(())
    }

    fn merge_key(&mut self, span: Span) -> Result<(), Fault> {
        match self.open_mapping() {
            Some(mapping) => Ok(mapping.merge_key(span)?),
            None => Ok(()),
        }
    }

    fn push(&mut self, node: Node) -> Result<(), Fault> {
        match self.open.last_mut().map(|frame| &mut frame.content) {
            None => self.documents.nodes.push(node),
            Some(Content::Sequence(items)) => items.push(node),
            Some(Content::Mapping(mapping)) => mapping.value(node)?,
        }
        Ok(())
    }

    fn keep(&mut self, anchor: usize, node: &Node, key: Option<&str>) -> Result<(), Fault> {
        let limit = self.limits.alias_nodes;
        match self.anchors.keep(anchor, node, key) {
            Ok(()) => Ok(()),
            Err(NotKept) => Err(Fault::new(Problem::Aliases { limit }, node.span)),
        }
    }

    fn open_mapping(&mut self) -> Option<&mut MappingBuilder> {
        match self.open.last_mut().map(|frame| &mut frame.content) {
            Some(Content::Mapping(mapping)) => Some(mapping),
            _ => None,
        }
    }

    fn expects_key(&self) -> bool {
        match self.open.last().map(|frame| &frame.content) {
            Some(Content::Mapping(mapping)) => mapping.expects_key(),
            _ => false,
        }
    }

    /// YAML 1.1, which Kubernetes reads, takes fewer characters in a name than this parser does,
    /// and ends the name elsewhere.
    fn check_name(&self, span: Span) -> Result<(), Fault> {
        let name = self.text.get(span.start + 1..span.end).unwrap_or_default();
        let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if name.is_empty() || !name.bytes().all(known) {
            return Err(Fault::new(Problem::AnchorName, span));
        }
        Ok(())
    }

    fn without_trailing_breaks(&self, span: Span, style: ScalarStyle) -> Span {
        if !matches!(style, ScalarStyle::Literal | ScalarStyle::Folded) {
            return span;
        }
        let written = self.text.get(span.start..span.end).unwrap_or_default();
        Span {
            start: span.start,
            end: span.start + written.trim_end().len(),
        }
    }

    fn too_deep(&self, span: Span) -> Fault {
        let limit = self.limits.depth;
        Fault::new(Problem::Depth { limit }, span)
    }
}

fn value_of(text: Cow<'_, str>, scalar: Scalar) -> Option<NodeValue> {
    Some(match scalar {
        Scalar::Null => NodeValue::Null,
        Scalar::Bool(value) => NodeValue::Bool(value),
        Scalar::Text => NodeValue::String(text.into()),
        number => NodeValue::Number {
            value: number.to_number()?,
            literal: text.into(),
        },
    })
}
